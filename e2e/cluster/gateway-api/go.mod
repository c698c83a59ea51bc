// Nothing is built from this module: the tests read its CRDs. Don't run `go mod tidy`, which would drop the requirement. To upgrade, write
// the version here, and the two sums that `go mod download -json` prints into go.sum.
module sticky.test/gateway-api

go 1.26.8

require sigs.k8s.io/gateway-api v1.7.0
