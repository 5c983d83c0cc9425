/** @file What the cluster holds from the start, as plain objects for one `kubectl apply`. */
import {
  dnsServiceAddress,
  hostAddress,
  loadBalancerPool,
  metricsPort,
  registry,
  registryInside,
} from "../settings.ts";
import { localPathConfig } from "./host-services.ts";

const namespace = (name: string) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } });

/** Needed before the first pod gets an address. */
export function networkObjects(): object[] {
  return [
    {
      apiVersion: "crd.projectcalico.org/v1",
      kind: "ClusterInformation",
      metadata: { name: "default" },
      spec: { datastoreReady: true, clusterType: "k8s", calicoVersion: "v3.28.5" },
    },
  ];
}

export function addonObjects(folder: string, images: { coredns: string; busybox: string }): object[] {
  return [
    ...registryObjects(),
    ...dnsObjects(images.coredns),
    ...routingObjects(),
    ...storageObjects(folder, images.busybox),
    ...metricsObjects(),
  ];
}

/** KEP-1755: where tools look for the registry that a local cluster pulls from. */
function registryObjects(): object[] {
  const hosting = `host: "${registry}"\nhostFromContainerRuntime: "${registry}"\nhostFromClusterNetwork: "${registryInside}"\n`;
  return [
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "local-registry-hosting", namespace: "kube-public" },
      data: { "localRegistryHosting.v1": hosting },
    },
  ];
}

function dnsObjects(image: string): object[] {
  const metadata = { name: "coredns", namespace: "kube-system" };
  const labels = { "k8s-app": "kube-dns" };
  const corefile = `.:53 {
    errors
    health
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        ttl 5
    }
    reload
}
`;
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "coredns" },
      rules: [
        { apiGroups: [""], resources: ["services", "pods", "namespaces"], verbs: ["list", "watch"] },
        { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "coredns" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "coredns" },
      subjects: [{ kind: "ServiceAccount", ...metadata }],
    },
    { apiVersion: "v1", kind: "ConfigMap", metadata, data: { Corefile: corefile } },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { ...metadata, labels },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: "coredns",
            priorityClassName: "system-cluster-critical",
            dnsPolicy: "Default",
            topologySpreadConstraints: [
              {
                maxSkew: 1,
                topologyKey: "kubernetes.io/hostname",
                whenUnsatisfiable: "ScheduleAnyway",
                labelSelector: { matchLabels: labels },
              },
            ],
            containers: [
              {
                name: "coredns",
                image,
                args: ["-conf", "/etc/coredns/Corefile"],
                ports: [
                  { name: "dns", containerPort: 53, protocol: "UDP" },
                  { name: "dns-tcp", containerPort: 53, protocol: "TCP" },
                ],
                resources: { requests: { cpu: "20m", memory: "40Mi" } },
                readinessProbe: { httpGet: { path: "/ready", port: 8181 }, periodSeconds: 1 },
                livenessProbe: { httpGet: { path: "/health", port: 8080 }, failureThreshold: 6 },
                volumeMounts: [{ name: "config", mountPath: "/etc/coredns" }],
              },
            ],
            volumes: [{ name: "config", configMap: { name: "coredns" } }],
          },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "kube-dns", namespace: "kube-system", labels },
      spec: {
        clusterIP: dnsServiceAddress,
        selector: labels,
        ports: [
          { name: "dns", port: 53, protocol: "UDP", targetPort: 53 },
          { name: "dns-tcp", port: 53, protocol: "TCP", targetPort: 53 },
        ],
      },
    },
  ];
}

/** Ingress, Gateway API, LoadBalancer addresses. */
function routingObjects(): object[] {
  return [
    namespace("metallb-system"),
    {
      apiVersion: "metallb.io/v1beta1",
      kind: "IPAddressPool",
      metadata: { name: "pool", namespace: "metallb-system" },
      spec: { addresses: [loadBalancerPool] },
    },
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "IngressClass",
      metadata: { name: "traefik" },
      spec: { controller: "traefik.io/ingress-controller" },
    },
    namespace("traefik"),
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "GatewayClass",
      metadata: { name: "traefik" },
      spec: { controllerName: "traefik.io/gateway-controller" },
    },
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      metadata: { name: "traefik", namespace: "traefik" },
      spec: {
        gatewayClassName: "traefik",
        listeners: [{ name: "web", protocol: "HTTP", port: 80, allowedRoutes: { namespaces: { from: "All" } } }],
      },
    },
  ];
}

function storageObjects(folder: string, image: string): object[] {
  const name = "local-path-provisioner-service-account";
  const helper = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "helper-pod" },
    spec: { containers: [{ name: "helper-pod", image }] },
  };
  return [
    namespace("local-path-storage"),
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: "local-path-storage" } },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "local-path-config", namespace: "local-path-storage" },
      data: {
        "config.json": JSON.stringify(localPathConfig(folder)),
        setup: '#!/bin/sh\nset -eu\nmkdir -m 0777 -p "$VOL_DIR"\n',
        teardown: '#!/bin/sh\nset -eu\nrm -rf "$VOL_DIR"\n',
        "helperPod.yaml": JSON.stringify(helper),
      },
    },
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "local-path", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
      provisioner: "rancher.io/local-path",
      volumeBindingMode: "WaitForFirstConsumer",
      reclaimPolicy: "Delete",
    },
  ];
}

/** metrics-server is no pod: its Service has no selector, and an endpoint that is written here. */
function metricsObjects(): object[] {
  const metadata = { name: "metrics-server", namespace: "kube-system" };
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { ports: [{ name: "https", port: 443, targetPort: metricsPort }] },
    },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { ...metadata, labels: { "kubernetes.io/service-name": "metrics-server" } },
      addressType: "IPv4",
      ports: [{ name: "https", port: metricsPort, protocol: "TCP" }],
      endpoints: [{ addresses: [hostAddress], conditions: { ready: true } }],
    },
    {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: "v1beta1.metrics.k8s.io" },
      spec: {
        group: "metrics.k8s.io",
        version: "v1beta1",
        service: { ...metadata, port: 443 },
        insecureSkipTLSVerify: true,
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    },
  ];
}
