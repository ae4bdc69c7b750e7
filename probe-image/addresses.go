package main

import (
	"net/netip"
	"syscall"
)

// ownAddresses are the pod's, without loopback and link-local. Package net would tell them too, for a tenth of the
// binary's size.
func ownAddresses() ([]netip.Addr, error) {
	own := []netip.Addr{}
	err := eachMessage(syscall.RTM_GETADDR, syscall.RTM_NEWADDR, func(_ []byte, attributes []syscall.NetlinkRouteAttr) {
		if a, ok := addressOf(attributes); ok && a.IsGlobalUnicast() {
			own = append(own, a)
		}
	})
	return own, err
}

// eachMessage asks the kernel for all it has of a kind, in both families, and hands over each answer.
func eachMessage(request int, answer uint16, take func(data []byte, attributes []syscall.NetlinkRouteAttr)) error {
	table, err := syscall.NetlinkRIB(request, syscall.AF_UNSPEC)
	if err != nil {
		return err
	}
	messages, err := syscall.ParseNetlinkMessage(table)
	if err != nil {
		return err
	}
	for i := range messages {
		if messages[i].Header.Type != answer {
			continue
		}
		attributes, err := syscall.ParseNetlinkRouteAttr(&messages[i])
		if err != nil {
			return err
		}
		take(messages[i].Data, attributes)
	}
	return nil
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
