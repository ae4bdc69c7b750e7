package main

import (
	"net/netip"
	"syscall"
)

// ownAddresses are the pod's, without loopback and link-local. Package net would tell them too, for a tenth of the
// binary's size.
func ownAddresses() ([]netip.Addr, error) {
	table, err := syscall.NetlinkRIB(syscall.RTM_GETADDR, syscall.AF_UNSPEC)
	if err != nil {
		return nil, err
	}
	messages, err := syscall.ParseNetlinkMessage(table)
	if err != nil {
		return nil, err
	}
	own := []netip.Addr{}
	for i := range messages {
		if messages[i].Header.Type != syscall.RTM_NEWADDR {
			continue
		}
		attributes, err := syscall.ParseNetlinkRouteAttr(&messages[i])
		if err != nil {
			return nil, err
		}
		if a, ok := addressOf(attributes); ok && a.IsGlobalUnicast() {
			own = append(own, a)
		}
	}
	return own, nil
}

// addressOf prefers IFA_LOCAL: on a point-to-point link IFA_ADDRESS is the peer's.
func addressOf(attributes []syscall.NetlinkRouteAttr) (found netip.Addr, ok bool) {
	for _, a := range attributes {
		if a.Attr.Type == syscall.IFA_LOCAL || a.Attr.Type == syscall.IFA_ADDRESS && !ok {
			found, ok = netip.AddrFromSlice(a.Value)
		}
	}
	return found, ok
}
