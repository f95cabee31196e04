package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// The few messages that are sent without the client: questions to one node, and writes to a node of our choice.

const (
	kindInfo    = 1
	kindMessage = 3

	partitionCount = 4096
	answerBytesMax = 16 << 20
)

// exchange sends one proto and returns the body of the answer.
func exchange(connection net.Conn, kind byte, body []byte) ([]byte, error) {
	header := make([]byte, 8, 8+len(body))
	binary.BigEndian.PutUint64(header, uint64(len(body)))
	header[0], header[1] = 2, kind
	if _, err := connection.Write(append(header, body...)); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(connection, header[:8]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint64(header[:8]) & (1<<48 - 1)
	if size > answerBytesMax {
		return nil, fmt.Errorf("an answer of %d bytes", size)
	}
	answer := make([]byte, size)
	_, err := io.ReadFull(connection, answer)
	return answer, err
}

// putMessage writes the integer bin "v" of a record, whoever its master is.
func putMessage(set string, digest []byte, value int64, timeout time.Duration) []byte {
	body := []byte{22, 0, 1, 0, 0, 0} // Header size; flags: write.
	body = binary.BigEndian.AppendUint32(body, 0)
	body = binary.BigEndian.AppendUint32(body, 0)
	body = binary.BigEndian.AppendUint32(body, uint32(timeout.Milliseconds()))
	body = binary.BigEndian.AppendUint16(body, 3) // Fields.
	body = binary.BigEndian.AppendUint16(body, 1) // Operations.
	field := func(kind byte, data []byte) {
		body = binary.BigEndian.AppendUint32(body, uint32(len(data)+1))
		body = append(append(body, kind), data...)
	}
	field(0, []byte(namespace))
	field(1, []byte(set))
	field(4, digest)
	body = binary.BigEndian.AppendUint32(body, 4+1+8)
	body = append(body, 2, 1, 0, 1, 'v') // Write, integer, name of one byte.
	return binary.BigEndian.AppendUint64(body, uint64(value))
}

func resultCode(answer []byte) int {
	if len(answer) < 22 {
		return -1
	}
	return int(answer[5])
}

// bitmaps are the partitions a node says it holds, by column: the first is where it is master.
func (c *cluster) bitmaps(node int) ([][]byte, error) {
	answer, err := c.ask(node, "replicas")
	if err != nil {
		return nil, err
	}
	for _, part := range strings.Split(answer, ";") {
		name, value, ok := strings.Cut(part, ":")
		if !ok || name != namespace {
			continue
		}
		words := strings.Split(value, ",") // Regime, count, a bitmap for each.
		var out [][]byte
		for _, word := range words[min(2, len(words)):] {
			bits, err := base64.StdEncoding.DecodeString(word)
			if err != nil || len(bits) != partitionCount/8 {
				return nil, fmt.Errorf("replicas: a bitmap of %d bytes", len(bits))
			}
			out = append(out, bits)
		}
		return out, nil
	}
	return nil, fmt.Errorf("replicas: no namespace %s in '%.60s'", namespace, answer)
}

func has(bits []byte, partition int) bool { return bits[partition/8]&(0x80>>(partition%8)) != 0 }
