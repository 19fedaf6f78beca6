package certify

import "net"

// Names gives what a server is reached by, of the hosts of its addresses: their
// names, for a host that stands for all of this machine's addresses those, and
// this machine's own names for itself.
func Names(hosts ...string) (names []string) {
	names = []string{"localhost", "127.0.0.1", "::1"}
	for _, host := range hosts {
		ip := net.ParseIP(host)
		switch {
		case host == "" || ip != nil && ip.IsUnspecified():
			names = append(names, interfaces()...)
		case ip != nil:
			names = append(names, ip.String())
		default:
			names = append(names, host)
		}
	}
	return names
}

// interfaces are the addresses of this machine; none where it does not tell.
func interfaces() (names []string) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			names = append(names, n.IP.String())
		}
	}
	return names
}
