module workbook.local/offline/gateway-api

go 1.26.0

// Nothing is built of it: in it are the definitions of Gateway and HTTPRoute that a cluster needs.
require sigs.k8s.io/gateway-api v1.6.1
