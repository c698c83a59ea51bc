// Only the files of the CRDs are read, so nothing is built. That is why `go mod tidy`, which would drop the requirement, is of no use here:
// write a new version here, and both of its lines from `go mod download -json` into go.sum.
module sticky.test/gateway-api

go 1.26.8

require sigs.k8s.io/gateway-api v1.7.0
