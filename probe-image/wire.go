package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
	"net/netip"
)

// A request and its answer have the same size, so that the agent cannot amplify.
const (
	messageSize = 128
	wireVersion = 1
	uidSize     = 36
)

var (
	requestMagic = []byte("NPRQ")
	answerMagic  = []byte("NPRS")
)

type message [messageSize]byte

// nonce names one attempt; instance names one start of a serving process. In JSON both are hex.
type nonce [16]byte
type instance [16]byte

type answer struct {
	nonce    nonce
	instance instance
	uid      string
	seenAs   netip.AddrPort // the caller, as the answering side saw it
}

// runKey signs and verifies messages. It reuses one hash, so it belongs to one goroutine.
type runKey struct {
	mac hash.Hash
	sum [sha256.Size]byte
}

func newRunKey(key []byte) *runKey {
	return &runKey{mac: hmac.New(sha256.New, key)}
}

func (k *runKey) tag(purpose string, data []byte) []byte {
	k.mac.Reset()
	k.mac.Write([]byte(purpose))
	k.mac.Write(data)
	return k.mac.Sum(k.sum[:0])[:16]
}

func (k *runKey) writeRequest(m *message, n nonce) {
	*m = message{4: wireVersion}
	copy(m[0:], requestMagic)
	copy(m[8:], n[:])
	copy(m[24:], k.tag("request", n[:]))
}

// readRequest gives the nonce of a request that carries the run's tag.
func (k *runKey) readRequest(m []byte) (n nonce, ok bool) {
	if len(m) != messageSize || !bytes.HasPrefix(m, requestMagic) || m[4] != wireVersion {
		return n, false
	}
	copy(n[:], m[8:24])
	return n, hmac.Equal(m[24:40], k.tag("request", n[:]))
}

func (k *runKey) writeAnswer(m *message, a answer) {
	*m = message{4: wireVersion, 5: 4}
	copy(m[0:], answerMagic)
	binary.BigEndian.PutUint16(m[6:], a.seenAs.Port())
	copy(m[8:], a.nonce[:])
	copy(m[24:], a.instance[:])
	copy(m[40:40+uidSize], a.uid)
	if a.seenAs.Addr().Is6() {
		m[5] = 6
	}
	copy(m[76:], a.seenAs.Addr().AsSlice())
	copy(m[92:], k.tag("answer", m[:92]))
}

// readAnswer accepts the answer to one attempt only: another attempt's nonce or another run's key is no answer.
func (k *runKey) readAnswer(m []byte, asked nonce) (a answer, ok bool) {
	if len(m) != messageSize || !bytes.HasPrefix(m, answerMagic) || m[4] != wireVersion {
		return a, false
	}
	if !bytes.Equal(m[8:24], asked[:]) || !hmac.Equal(m[92:108], k.tag("answer", m[:92])) {
		return a, false
	}
	a.nonce = asked
	copy(a.instance[:], m[24:40])
	a.uid = string(bytes.TrimRight(m[40:40+uidSize], "\x00"))
	address := netip.AddrFrom4(*(*[4]byte)(m[76:80]))
	if m[5] == 6 {
		address = netip.AddrFrom16(*(*[16]byte)(m[76:92]))
	}
	a.seenAs = netip.AddrPortFrom(address, binary.BigEndian.Uint16(m[6:]))
	return a, true
}

func (n nonce) MarshalText() ([]byte, error)        { return hexText(n[:]), nil }
func (n *nonce) UnmarshalText(text []byte) error    { return parseHex(n[:], text) }
func (i instance) MarshalText() ([]byte, error)     { return hexText(i[:]), nil }
func (i *instance) UnmarshalText(text []byte) error { return parseHex(i[:], text) }

func hexText(b []byte) []byte {
	text := make([]byte, hex.EncodedLen(len(b)))
	hex.Encode(text, b)
	return text
}

func parseHex(into, text []byte) error {
	if len(text) != hex.EncodedLen(len(into)) {
		return errors.New("wrong number of hex digits")
	}
	_, err := hex.Decode(into, text)
	return err
}
