package main

import (
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"os"
	"testing"
)

const fixtures = "../test/fixtures/protocol/"

func readFixture(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(fixtures + name)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

type wireCase struct {
	Name, KeyHex, NonceHex, RequestHex, AnswerHex, UID, SeenAs string
	Instance                                                   instance
}

func wireCases(t *testing.T) []wireCase {
	var fixture struct{ Cases []wireCase }
	readFixture(t, "wire.json", &fixture)
	if len(fixture.Cases) == 0 {
		t.Fatal("no cases")
	}
	return fixture.Cases
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (c wireCase) nonce(t *testing.T) (n nonce) {
	copy(n[:], unhex(t, c.NonceHex))
	return n
}

func TestMessagesMatchTheFixturesByteForByte(t *testing.T) {
	for _, c := range wireCases(t) {
		c := c
		t.Run(c.Name, func(t *testing.T) {
			key := newRunKey(unhex(t, c.KeyHex))
			var request, reply message
			key.writeRequest(&request, c.nonce(t))
			if got := hex.EncodeToString(request[:]); got != c.RequestHex {
				t.Errorf("request\n got %s\nwant %s", got, c.RequestHex)
			}
			key.writeAnswer(&reply, answer{c.nonce(t), c.Instance, c.UID, netip.MustParseAddrPort(c.SeenAs)})
			if got := hex.EncodeToString(reply[:]); got != c.AnswerHex {
				t.Errorf("answer\n got %s\nwant %s", got, c.AnswerHex)
			}
		})
	}
}

func TestMessagesAreReadBack(t *testing.T) {
	for _, c := range wireCases(t) {
		c := c
		t.Run(c.Name, func(t *testing.T) {
			key := newRunKey(unhex(t, c.KeyHex))
			if n, ok := key.readRequest(unhex(t, c.RequestHex)); !ok || n != c.nonce(t) {
				t.Errorf("request: got %x, %v", n, ok)
			}
			got, ok := key.readAnswer(unhex(t, c.AnswerHex), c.nonce(t))
			want := answer{c.nonce(t), c.Instance, c.UID, netip.MustParseAddrPort(c.SeenAs)}
			if !ok || got != want {
				t.Errorf("answer: got %+v, %v, want %+v", got, ok, want)
			}
		})
	}
}

func TestEveryChangedByteThatIsSignedIsNoticed(t *testing.T) {
	c := wireCases(t)[0]
	key := newRunKey(unhex(t, c.KeyHex))
	for i := 0; i < messageSize; i++ {
		request, reply := unhex(t, c.RequestHex), unhex(t, c.AnswerHex)
		request[i] ^= 1
		reply[i] ^= 1
		// Of a request, bytes 5–7 and what follows the tag are unused; of an answer, only what follows the tag is.
		unused := i >= 5 && i < 8 || i >= 40
		if _, ok := key.readRequest(request); ok != unused {
			t.Errorf("a request with byte %d changed: accepted %v", i, ok)
		}
		if _, ok := key.readAnswer(reply, c.nonce(t)); ok != (i >= 108) {
			t.Errorf("an answer with byte %d changed: accepted %v", i, ok)
		}
	}
}

func TestWhatIsNoAnswerToThisAttempt(t *testing.T) {
	c := wireCases(t)[0]
	key, other := newRunKey(unhex(t, c.KeyHex)), newRunKey(make([]byte, 32))
	whole := unhex(t, c.AnswerHex)
	for _, row := range []struct {
		name  string
		key   *runKey
		bytes []byte
		asked nonce
	}{
		{"another attempt's nonce", key, whole, nonce{1}},
		{"another run's key", other, whole, c.nonce(t)},
		{"our own request, come back", key, unhex(t, c.RequestHex), c.nonce(t)},
		{"one byte short", key, whole[:messageSize-1], c.nonce(t)},
		{"one byte long", key, append(whole[:messageSize:messageSize], 0), c.nonce(t)},
		{"nothing", key, nil, c.nonce(t)},
	} {
		if _, ok := row.key.readAnswer(row.bytes, row.asked); ok {
			t.Errorf("%s is accepted", row.name)
		}
	}
	if _, ok := key.readRequest(whole); ok {
		t.Error("an answer is accepted as a request")
	}
}

func TestAnOverlongUIDIsCut(t *testing.T) {
	key := newRunKey(make([]byte, 32))
	var m message
	key.writeAnswer(&m, answer{uid: "0123456789012345678901234567890123456789", seenAs: netip.MustParseAddrPort("10.0.0.1:1")})
	got, ok := key.readAnswer(m[:], nonce{})
	if !ok || got.uid != "012345678901234567890123456789012345" {
		t.Errorf("got %q, %v", got.uid, ok)
	}
}
