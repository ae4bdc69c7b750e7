package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"syscall"
)

type protocol uint8

const (
	tcp protocol = iota
	udp
	sctp
)

var protocolNames = [...]string{tcp: "TCP", udp: "UDP", sctp: "SCTP"}

func (p protocol) String() string               { return protocolNames[p] }
func (p protocol) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

func (p *protocol) UnmarshalText(text []byte) error {
	for known, name := range protocolNames {
		if string(text) == name {
			*p = protocol(known)
			return nil
		}
	}
	return fmt.Errorf("no such protocol: %q", text)
}

// openSocket opens a non-blocking socket. SCTP in its one-to-one style behaves as TCP does.
func openSocket(p protocol, family int) (int, error) {
	kind, number := syscall.SOCK_STREAM, 0
	switch p {
	case udp:
		kind = syscall.SOCK_DGRAM
	case sctp:
		number = syscall.IPPROTO_SCTP
	}
	return syscall.Socket(family, kind|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, number)
}

// resetOnClose has the socket closed with RST, so that no TIME_WAIT piles up. Accepted sockets inherit it.
func resetOnClose(fd int) error {
	return syscall.SetsockoptLinger(fd, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1, Linger: 0})
}

// send and the plain syscall.Read beside it never raise SIGPIPE or wait.
func send(fd int, m []byte) error {
	_, err := syscall.SendmsgN(fd, m, nil, nil, syscall.MSG_NOSIGNAL)
	return err
}

// readWhole gives one message of a stream, EAGAIN as long as it has not come whole, io.EOF when it never will.
// Nothing is kept, and nothing allocated, for one that comes in one piece.
func readWhole(fd int, pieces *[]byte, buffer *message) ([]byte, error) {
	n, err := syscall.Read(fd, buffer[:messageSize-len(*pieces)])
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, io.EOF
	}
	if n == messageSize {
		return buffer[:], nil
	}
	*pieces = append(*pieces, buffer[:n]...)
	if len(*pieces) < messageSize {
		return nil, syscall.EAGAIN
	}
	return *pieces, nil
}

func familyOf(a netip.Addr) int {
	if a.Is4() {
		return syscall.AF_INET
	}
	return syscall.AF_INET6
}

func anyAddress(family int) netip.Addr {
	if family == syscall.AF_INET {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

func toSockaddr(a netip.AddrPort) syscall.Sockaddr {
	if a.Addr().Is4() {
		return &syscall.SockaddrInet4{Addr: a.Addr().As4(), Port: int(a.Port())}
	}
	return &syscall.SockaddrInet6{Addr: a.Addr().As16(), Port: int(a.Port())}
}

func fromSockaddr(s syscall.Sockaddr) netip.AddrPort {
	switch s := s.(type) {
	case *syscall.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(s.Addr), uint16(s.Port))
	case *syscall.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(s.Addr).Unmap(), uint16(s.Port))
	}
	return netip.AddrPort{}
}

func isErrno(err error, any ...syscall.Errno) bool {
	for _, errno := range any {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// errnoName is the symbol of an error that a socket call gave.
func errnoName(err error) string {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return ""
	}
	if name, ok := errnoNames[errno]; ok {
		return name
	}
	return "errno " + strconv.Itoa(int(errno))
}

var errnoNames = map[syscall.Errno]string{
	syscall.EACCES:          "EACCES",
	syscall.EADDRINUSE:      "EADDRINUSE",
	syscall.EADDRNOTAVAIL:   "EADDRNOTAVAIL",
	syscall.EAFNOSUPPORT:    "EAFNOSUPPORT",
	syscall.EAGAIN:          "EAGAIN",
	syscall.EBADF:           "EBADF",
	syscall.ECANCELED:       "ECANCELED",
	syscall.ECONNABORTED:    "ECONNABORTED",
	syscall.ECONNREFUSED:    "ECONNREFUSED",
	syscall.ECONNRESET:      "ECONNRESET",
	syscall.EHOSTDOWN:       "EHOSTDOWN",
	syscall.EHOSTUNREACH:    "EHOSTUNREACH",
	syscall.EINVAL:          "EINVAL",
	syscall.EIO:             "EIO",
	syscall.EMFILE:          "EMFILE",
	syscall.EMSGSIZE:        "EMSGSIZE",
	syscall.ENETDOWN:        "ENETDOWN",
	syscall.ENETUNREACH:     "ENETUNREACH",
	syscall.ENFILE:          "ENFILE",
	syscall.ENOBUFS:         "ENOBUFS",
	syscall.ENOMEM:          "ENOMEM",
	syscall.ENOPROTOOPT:     "ENOPROTOOPT",
	syscall.ENOSPC:          "ENOSPC",
	syscall.EPERM:           "EPERM",
	syscall.EPIPE:           "EPIPE",
	syscall.EPROTO:          "EPROTO",
	syscall.EPROTONOSUPPORT: "EPROTONOSUPPORT",
	syscall.ESOCKTNOSUPPORT: "ESOCKTNOSUPPORT",
	syscall.ETIMEDOUT:       "ETIMEDOUT",
}
