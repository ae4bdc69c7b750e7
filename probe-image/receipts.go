package main

import (
	"net/netip"
	"time"
)

// receipts remembers which requests arrived: a ring in pages, so that it takes memory only for what came. There is no
// index: a lookup reads the whole ring once, which is a few milliseconds at its fullest.
type receipts struct {
	pages [][]receipt
	limit int // a multiple of pageSize
	count int // of all that ever came
}

// A receipt holds no pointers, so that the garbage collector passes it over.
type receipt struct {
	nonce    nonce
	at       int64 // microseconds since the epoch
	from     [16]byte
	fromPort uint16
	port     uint16
	protocol protocol
	is4      bool
}

const pageSize = 4000

func newReceipts(limit int) *receipts { return &receipts{limit: limit} }

func (r *receipts) at(i int) *receipt {
	i %= r.limit
	return &r.pages[i/pageSize][i%pageSize]
}

func (r *receipts) add(n nonce, p protocol, port int, from netip.AddrPort, at time.Time) {
	if r.count < r.limit && r.count%pageSize == 0 {
		r.pages = append(r.pages, make([]receipt, pageSize))
	}
	*r.at(r.count) = receipt{
		nonce: n, at: at.UnixMicro(), from: from.Addr().As16(), fromPort: from.Port(),
		port: uint16(port), protocol: p, is4: from.Addr().Is4(),
	}
	r.count++
}

func (r *receipts) forgotten() int {
	if r.count < r.limit {
		return 0
	}
	return r.count - r.limit
}

// find gives the first arrival of each nonce: a datagram may come twice.
func (r *receipts) find(nonces []nonce) []arrival {
	wanted := make(map[nonce]bool, len(nonces))
	for _, n := range nonces {
		wanted[n] = true
	}
	found := []arrival{}
	for i := r.forgotten(); i < r.count && len(wanted) > 0; i++ {
		if one := r.at(i); wanted[one.nonce] {
			delete(wanted, one.nonce)
			found = append(found, one.arrival())
		}
	}
	return found
}

func (r *receipt) arrival() arrival {
	from := netip.AddrFrom16(r.from)
	if r.is4 {
		from = from.Unmap()
	}
	return arrival{
		Nonce: r.nonce, Protocol: r.protocol, Port: int(r.port), At: toEpochMs(time.UnixMicro(r.at)),
		From: netip.AddrPortFrom(from, r.fromPort),
	}
}
