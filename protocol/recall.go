package protocol

// Mark says how far a log was when its store was left behind for another one.
type Mark struct {
	Epoch   string `json:"epoch"`
	Through uint64 `json:"through"`
}

// Past is an epoch the hub had before it was restored from a backup.
type Past struct {
	Epoch    string `json:"epoch"`
	Through  uint64 `json:"through"`  // the node's down log of that epoch is the hub's still, through here
	Recalled uint64 `json:"recalled"` // and has been read back through here; at least Through
}

// Recall gives the hub back what it said and has forgotten: entries of the
// node's down log, as they came, in the order they came. Receipts and refusals
// are left out: they follow from the up log.
type Recall struct {
	HubEpoch string `json:"hubEpoch"`       // the present one
	Frame    []byte `json:"frame"`          // of down entries, at most MaxFrameBytes
	Done     bool   `json:"done,omitempty"` // there are no more
	// Gone is how many entries of its up log the hub lacks and the node no longer
	// holds, said with Done: so much is lost for good.
	Gone uint64 `json:"gone,omitempty"`
}

// RecallAnswer says that the entries of one Recall are on the hub's disk. It
// carries them out when it has been given everything.
type RecallAnswer struct {
	Taken int `json:"taken"` // entries it had not
}

// Was is the identity a node had before, said in Enrol by one that brings its
// items along.
type Was struct {
	Node     string `json:"node"`
	HubEpoch string `json:"hubEpoch"` // of the hub it knew
	Down     uint64 `json:"down"`     // its cursor into the down log of Node
}
