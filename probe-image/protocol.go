package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// The session's lines, as docs/protocol.md describes them: one command in, one of the structs below out.

type command struct {
	Type string `json:"type"`
	ID   int64  `json:"id"`

	// open
	Protocol    int    `json:"protocol"`
	Key         hexKey `json:"key"`
	DeadlineMs  int64  `json:"deadlineMs"`
	HeartbeatMs int64  `json:"heartbeatMs"`

	// batch
	Batch         int64   `json:"batch"`
	TimeoutMs     int64   `json:"timeoutMs"`
	RatePerSecond float64 `json:"ratePerSecond"`
	Probes        []probe `json:"probes"`

	// receipts
	Nonces      []nonce `json:"nonces"`
	HealthSince float64 `json:"healthSince"`
}

type probe struct {
	ID            int64      `json:"id"`
	Protocol      protocol   `json:"protocol"`
	Address       netip.Addr `json:"address"`
	Port          uint16     `json:"port"`
	SourceAddress netip.Addr `json:"sourceAddress"` // unspecified without one
	SourcePort    uint16     `json:"sourcePort"`
	Nonce         nonce      `json:"nonce"`
	Handshake     bool       `json:"handshake"`
}

// Ten years, so that no duration overflows on the way to nanoseconds.
const maxMs = 10 * 365 * 24 * 3600 * 1000

// parseCommand checks everything that can be checked without knowing the session's state.
func parseCommand(line []byte) (command, error) {
	var c command
	if err := json.Unmarshal(line, &c); err != nil {
		return c, fmt.Errorf("Cannot read the line: %w", err)
	}
	switch c.Type {
	case "open":
		if c.Protocol != 1 {
			return c, fmt.Errorf("Cannot speak protocol %d: only 1 is known", c.Protocol)
		}
		if c.Key == nil || !isDuration(c.DeadlineMs) || !isDuration(c.HeartbeatMs) {
			return c, errors.New(`Cannot open: "key", "deadlineMs" and "heartbeatMs" are needed`)
		}
	case "batch":
		return c, c.checkBatch()
	case "receipts":
		if len(c.Nonces) > maxNonces {
			return c, fmt.Errorf("Cannot look up %d nonces at once: %d are allowed", len(c.Nonces), maxNonces)
		}
	case "ping", "end-phase", "bye":
	default:
		return c, fmt.Errorf("Cannot obey %q: no such command", c.Type)
	}
	return c, nil
}

func (c *command) checkBatch() error {
	if !isDuration(c.TimeoutMs) || c.RatePerSecond != 0 && c.RatePerSecond < 0.001 {
		return fmt.Errorf(`Cannot run batch %d: wrong "timeoutMs" or "ratePerSecond"`, c.Batch)
	}
	for i := range c.Probes {
		p := &c.Probes[i]
		p.Address, p.SourceAddress = p.Address.Unmap(), p.SourceAddress.Unmap()
		if !p.Address.IsValid() || p.Address.Zone() != "" || p.Port == 0 {
			return fmt.Errorf(`Cannot run probe %d of batch %d: wrong "address" or "port"`, p.ID, c.Batch)
		}
		if !p.SourceAddress.IsValid() {
			p.SourceAddress = anyAddress(familyOf(p.Address))
		}
		if p.SourceAddress.Is4() != p.Address.Is4() || p.SourceAddress.Zone() != "" {
			return fmt.Errorf(`Cannot run probe %d of batch %d: wrong "sourceAddress"`, p.ID, c.Batch)
		}
		if p.Handshake && p.Protocol != tcp || !p.Handshake && p.Nonce == (nonce{}) {
			return fmt.Errorf(`Cannot run probe %d of batch %d: "handshake" is for TCP, all others need a "nonce"`, p.ID, c.Batch)
		}
	}
	return nil
}

func isDuration(ms int64) bool { return ms > 0 && ms <= maxMs }

type hexKey []byte

func (k hexKey) MarshalText() ([]byte, error) { return hexText(k), nil }

func (k *hexKey) UnmarshalText(text []byte) error {
	*k = make([]byte, 32)
	return parseHex(*k, text)
}

// A line out. The writer numbers it just before it leaves.
type line interface{ stamp(number int) }

type header struct {
	Line int    `json:"line"`
	Type string `json:"type"`
}

func (h *header) stamp(number int) { h.Line = number }

type helloLine struct {
	header
	Protocol  int          `json:"protocol"`
	Version   string       `json:"version"`
	Addresses []netip.Addr `json:"addresses"`
	// Prefixes that the pod reaches without a gateway.
	OnLink []netip.Prefix `json:"onLink"`
	identity
	MaxInFlight int     `json:"maxInFlight"`
	At          epochMs `json:"at"`
}

// identity is what a serving process says of itself.
type identity struct {
	Instance     instance           `json:"instance"`
	UID          string             `json:"uid"`
	Listening    map[protocol][]int `json:"listening"`
	NotListening []notListening     `json:"notListening"`
}

type notListening struct {
	Protocol protocol `json:"protocol"`
	Port     int      `json:"port"`
	Error    string   `json:"error"`
}

type pongLine struct {
	header
	ID int64   `json:"id"`
	At epochMs `json:"at"`
}

type heartbeatLine struct {
	header
	At epochMs `json:"at"`
}

type resultLine struct {
	header
	Batch    int64           `json:"batch"`
	ID       int64           `json:"id"`
	Outcome  outcome         `json:"outcome"`
	At       epochMs         `json:"at"`
	Ms       epochMs         `json:"ms"`
	Instance *instance       `json:"instance,omitempty"`
	UID      *string         `json:"uid,omitempty"`
	SeenAs   *netip.AddrPort `json:"seenAs,omitempty"`
	Errno    string          `json:"errno,omitempty"`
	Late     bool            `json:"late,omitempty"`
}

type batchEndLine struct {
	header
	Batch   int64 `json:"batch"`
	Results int   `json:"results"`
}

type receiptsLine struct {
	header
	ID int64 `json:"id"`
	findings
}

// findings is what a serving process has seen.
type findings struct {
	Arrived   []arrival `json:"arrived"`
	Health    []epochMs `json:"health"`
	Forgotten int       `json:"forgotten"`
}

type arrival struct {
	Nonce    nonce          `json:"nonce"`
	Protocol protocol       `json:"protocol"`
	Port     int            `json:"port"`
	At       epochMs        `json:"at"`
	From     netip.AddrPort `json:"from"`
}

type phaseEndedLine struct {
	header
	ID   int64 `json:"id"`
	Late int   `json:"late"`
}

type errorLine struct {
	header
	Message string `json:"message"`
}

type byeLine struct {
	header
	Lines int `json:"lines"`
}

func (b *byeLine) stamp(number int) { b.Line, b.Lines = number, number }

// epochMs is a time, or a span, in milliseconds with decimals down to the microsecond.
type epochMs float64

func toEpochMs(t time.Time) epochMs { return epochMs(float64(t.UnixMicro()) / 1000) }
func toMs(d time.Duration) epochMs  { return epochMs(float64(d.Microseconds()) / 1000) }

func of(kind string) header { return header{Type: kind} }

// splitLines leaves out a last line without its end: it was cut, and is not obeyed.
func splitLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if end := bytes.IndexByte(data, '\n'); end >= 0 {
		return end + 1, data[:end], nil
	}
	return 0, nil, nil
}
