// Package exporter names the vendor's Prometheus exporter, so that go.mod pins it and what it is built from.
//
//go:build tools

package exporter

import _ "github.com/aerospike/aerospike-prometheus-exporter"
