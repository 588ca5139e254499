// Package backup keeps a whole hub in one file, and makes a hub of such a file
// again.
//
// It promises:
//
//   - A backup is of one moment, taken while the hub goes on working, and holds
//     all that the hub cannot do without: every row of the database, every
//     attached file that had arrived, the hub's key and its CA. Settings are the
//     operator's and stay where they are.
//   - A backup has a name only after it was synced and read again: each digest
//     compared, each row parsed and counted.
//   - The form is the same for both databases, so that a backup made on one can
//     be restored on the other.
//   - Restoring writes into an empty folder and an empty database only. It is
//     done whole or leaves nothing that a hub would start on. The restored hub
//     has an epoch of its own: see package protocol for what the nodes do then.
//
// The file is an archive (package archive) with these members, in this order:
//
//	backup.json          Manifest
//	hub.seed             the hub's key
//	ca.pem               its own CA, if it has one
//	tables/<n>.jsonl     a store.Part: its head on the first line, then its rows
//	files/<sha256>       an attached file
//	counts.json          Counts
package backup

import (
	"time"
)

// Names of members.
const (
	manifestName = "backup.json"
	seedName     = "hub.seed"
	caName       = "ca.pem"
	tablesDir    = "tables/"
	countsName   = "counts.json"
)

// format is the version of the form described above.
const format = 1

// Manifest says what a backup is of.
type Manifest struct {
	Format  int       `json:"format"`
	Program string    `json:"program"` // name and version that wrote it
	At      time.Time `json:"at"`
	HubKey  string    `json:"hubKey"` // public key
	Epoch   string    `json:"epoch"`  // of the store
	Schema  int64     `json:"schema"` // number of the schema the rows are written under
}

// Counts are what a backup holds.
type Counts struct {
	Rows  map[string]int64 `json:"rows"` // per table
	Files int64            `json:"files"`
	// Missing are attached files that the database names and the disk does not
	// have, or not as they were: their digests, at most 100 of them.
	Missing []string `json:"missing,omitempty"`
	Lost    int64    `json:"lost,omitempty"` // how many in all
}

// mostMissing bounds Counts.Missing.
const mostMissing = 100

// Report is what was written or read.
type Report struct {
	Manifest
	Counts
	Bytes int64 `json:"bytes"` // unpacked
}
