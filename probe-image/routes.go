package main

import (
	"net/netip"
	"syscall"
)

// neighbourhoods are the prefixes that routes lead to without a gateway: each address in them that is talked to takes an
// entry of the node's neighbour table, of which the kernel has few.
func neighbourhoods() ([]netip.Prefix, error) {
	found := []netip.Prefix{}
	err := eachMessage(syscall.RTM_GETROUTE, syscall.RTM_NEWROUTE, func(route []byte, attributes []syscall.NetlinkRouteAttr) {
		if p, ok := onLink(route, attributes); ok {
			found = append(found, p)
		}
	})
	return found, err
}

// rtaVia is a gateway of the other family; package syscall does not know it.
const rtaVia = 18

// onLink reads a struct rtmsg and its attributes; only prefixes of several addresses count.
func onLink(message []byte, attributes []syscall.NetlinkRouteAttr) (netip.Prefix, bool) {
	family, bits, table, kind := message[0], int(message[1]), message[4], message[7]
	if table != syscall.RT_TABLE_MAIN || kind != syscall.RTN_UNICAST {
		return netip.Prefix{}, false
	}
	to := netip.IPv4Unspecified()
	if family == syscall.AF_INET6 {
		to = netip.IPv6Unspecified()
	}
	for _, a := range attributes {
		switch a.Attr.Type {
		case syscall.RTA_GATEWAY, rtaVia, syscall.RTA_MULTIPATH:
			return netip.Prefix{}, false
		case syscall.RTA_DST:
			to, _ = netip.AddrFromSlice(a.Value)
		}
	}
	p := netip.PrefixFrom(to, bits)
	return p, p.IsValid() && !p.IsSingleIP() && !to.IsLinkLocalUnicast() && !to.IsMulticast()
}
