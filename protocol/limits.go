package protocol

// Limits of the wire, stated once. A deployment's settings may lower the
// attachment limits, never raise them.
const (
	MaxTitleRunes      = 200       // title, in Unicode code points
	MaxBodyBytes       = 200 << 10 // body of one entry, bytes of JSON
	MaxFrameBytes      = 256 << 10 // one frame, heads and bodies together
	MaxFrameEntries    = 4096      // entries in one frame
	MaxHeadBytes       = 1 << 10   // one head line
	MaxAskBytes        = 16 << 10  // body of one request, chunks apart
	MaxAttachments     = 30        // files of one item
	MaxAttachmentBytes = 200 << 20 // one file
	MaxItemBytes       = 500 << 20 // all files of one item
	MaxNameBytes       = 200       // file name, bytes of UTF-8
	MaxLineRunes       = 200       // author, source, note heads and the like
	MaxTextRunes       = 4000      // comments, notes, explanations
	MaxChunkBytes      = 256 << 10 // one piece of a file
	MinChunkBytes      = 16 << 10  // the last piece of a file may be smaller
	MaxPlaces          = 50        // places named in one finding
)
