module slipway.test/traefik

go 1.25.0

tool github.com/traefik/traefik/v3/cmd/traefik

require (
	github.com/traefik/traefik/v3 v3.6.12
	sigs.k8s.io/gateway-api v1.4.0
)

// The main module's own replacements: Go ignores those of a dependency.
replace (
	github.com/abbot/go-http-auth => github.com/containous/go-http-auth v0.4.1-0.20200324110947-a37a7636d23e
	github.com/gorilla/mux => github.com/containous/mux v0.0.0-20250523120546-41b6ec3aed59
	github.com/mailgun/minheap => github.com/containous/minheap v0.0.0-20190809180810-6e71eb837595
)

// Written by build.ts: the same module, its DNS providers replaced by dns.go.stub.
replace github.com/go-acme/lego/v4 v4.33.0 => ./lego

exclude github.com/tencentcloud/tencentcloud-sdk-go v3.0.83+incompatible
