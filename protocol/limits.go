package protocol

import "fmt"

// Limits of the wire, stated once. A county may lower those of attachments (see
// Limits), never raise them.
const (
	MaxTitleRunes      = 200       // title, in Unicode code points
	MaxBodyBytes       = 200 << 10 // body of one entry, bytes of JSON
	MaxFrameBytes      = 256 << 10 // one frame, heads and bodies together
	MaxFrameEntries    = 4096      // entries in one frame
	MaxHeadBytes       = 1 << 10   // one head line
	MaxAskBytes        = 16 << 10  // body of one request, chunks and recalls apart
	MaxRecallBytes     = 352 << 10 // body of one Recall: a frame in base64, and its head
	MaxMemoBytes       = 96 << 10  // Status.Memo
	MaxAttachments     = 30        // files of one item
	MaxAttachmentBytes = 200 << 20 // one file
	MaxItemBytes       = 500 << 20 // all files of one item
	MaxNameBytes       = 200       // file name, bytes of UTF-8
	MaxLineRunes       = 200       // author, source, note heads and the like
	MaxTextRunes       = 4000      // comments, notes, explanations
	MaxChunkBytes      = 256 << 10 // one piece of a file
	MinChunkBytes      = 16 << 10  // the last piece of a file may be smaller
	MaxPlaces          = 50        // places named in one finding
	MaxLookPage        = 16 << 10  // bytes of a page a second opinion hands on
	MaxTypeBytes       = 200       // of its Content-Type
	MaxFindings        = 500       // findings told at once
	MaxVetoes          = 50        // vetoes told at once
	MaxVetoNames       = 20        // things named of one veto
	MaxURLBytes        = 2000      // address of a look

	MaxBundleIndexBytes = 1 << 20 // index of one bundle
	MaxBundleFrames     = 4096    // frames in one bundle
	MaxBundleFiles      = 1000    // files in one bundle, and files it asks about
	MaxBundleBytes      = 4 << 30 // frames and files of one bundle together, before compression
)

// Limits are what a county takes of attachments: the limits of the wire, or less.
type Limits struct {
	Attachments     int   `json:"attachments"`     // files of one item
	AttachmentBytes int64 `json:"attachmentBytes"` // one file
	ItemBytes       int64 `json:"itemBytes"`       // all files of one item
}

// WireLimits are the limits of a county that has lowered none.
func WireLimits() Limits {
	return Limits{Attachments: MaxAttachments, AttachmentBytes: MaxAttachmentBytes, ItemBytes: MaxItemBytes}
}

// Faults returns why the files of one item are too many or too large, or nil.
func (l Limits) Faults(list []Attachment) []Fault {
	const field = "attachments"
	var c checker
	if len(list) > l.Attachments {
		c.add(field, fmt.Sprintf("附件 %d 个，最多 %d 个", len(list), l.Attachments))
		return c.faults
	}
	var total int64
	for i, a := range list {
		if a.Size > l.AttachmentBytes {
			c.add(fmt.Sprintf("%s[%d].size", field, i), "附件超过 "+bytesText(l.AttachmentBytes))
		}
		total += min(max(a.Size, 0), MaxItemBytes+1) // a made-up size must not wrap around
	}
	if total > l.ItemBytes {
		c.add(field, "附件合计超过 "+bytesText(l.ItemBytes))
	}
	return c.faults
}

// bytesText says a number of bytes the way people do.
func bytesText(n int64) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%.4g MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.4g KiB", float64(n)/(1<<10))
}
