package main

import (
	"syscall"
)

const datagramBurst = 64 // datagrams taken before other sockets have their turn

// datagramListener answers datagrams.
type datagramListener struct {
	server *server
	fd     int
	family int
	port   int
}

// prepareDatagrams has the kernel tell to which of our addresses a datagram was sent: the answer must come from that
// one, or the asker's connected socket, and every firewall between, will not know it.
func prepareDatagrams(fd, family int) error {
	// The default holds some 270 requests, fewer than there may be askers. The kernel gives less than this, but more
	// than the default.
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_RCVBUF, 1<<20); err != nil {
		return err
	}
	if family == syscall.AF_INET {
		return syscall.SetsockoptInt(fd, syscall.IPPROTO_IP, syscall.IP_PKTINFO, 1)
	}
	return syscall.SetsockoptInt(fd, syscall.IPPROTO_IPV6, syscall.IPV6_RECVPKTINFO, 1)
}

func (l *datagramListener) expired() {}

func (l *datagramListener) ready(uint32) {
	var buffer [messageSize + 1]byte // one more, so that a longer datagram is not taken for a request
	var control [64]byte
	for i := 0; i < datagramBurst; i++ {
		n, controlSize, _, from, err := syscall.Recvmsg(l.fd, buffer[:], control[:], 0)
		if err != nil {
			return
		}
		if !l.server.answer(buffer[:n], udp, l.port, fromSockaddr(from)) {
			continue
		}
		source := control[:controlSize]
		l.freeOfInterface(source)
		syscall.SendmsgN(l.fd, l.server.scratch[:], source, from, syscall.MSG_NOSIGNAL) // lost or not, it was a receipt
	}
}

// freeOfInterface turns the control message that told the destination into one that sets the source. The two have one
// form: struct in_pktinfo begins with the interface, struct in6_pktinfo ends with it. Zero leaves it to the routes.
func (l *datagramListener) freeOfInterface(control []byte) {
	index := syscall.CmsgLen(0)
	if l.family == syscall.AF_INET6 {
		index += 16
	}
	for i := index; i < index+4 && i < len(control); i++ {
		control[i] = 0
	}
}
