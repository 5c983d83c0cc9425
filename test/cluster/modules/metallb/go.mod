module slipway.test/metallb

go 1.24.0

tool go.universe.tf/metallb/controller

require go.universe.tf/metallb v0.15.2
