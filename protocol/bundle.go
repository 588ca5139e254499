package protocol

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// BundleIndex is the first thing in a bundle: who made it for whom, what it
// carries, and the digest of each part of it. It is signed; so everything is.
type BundleIndex struct {
	V       int       `json:"v"`
	Dir     Direction `json:"dir"`
	From    string    `json:"from"`              // public key of who made and signed it
	To      string    `json:"to,omitempty"`      // public key of whom it is for; a node that joins does not know it yet
	Node    string    `json:"node,omitempty"`    // whose logs these are; a node that joins has no id yet
	Epoch   string    `json:"epoch"`             // of the store that made it
	Number  uint64    `json:"number"`            // 1, 2, 3 … of the bundles made in that epoch for this receiver
	At      time.Time `json:"at"`                // the maker's clock; informational
	Program string    `json:"program,omitempty"` // name and version, for people

	First  uint64       `json:"first,omitempty"` // entries of the log that are in it; 0 for none
	Last   uint64       `json:"last,omitempty"`
	Frames []BundlePart `json:"frames,omitempty"` // of those entries, in order
	Files  []BundlePart `json:"files,omitempty"`  // attached files, behind the frames; up only

	// Up.
	Hello  *Hello       `json:"hello,omitempty"`  // as on the line
	Offers []Offer      `json:"offers,omitempty"` // every file the node waits to hear of, whether it is in here or not
	Join   *JoinRequest `json:"join,omitempty"`   // instead of Hello while the node has no identity

	Recall *BundleRecall `json:"recall,omitempty"` // what the hub said and has forgotten, if it asked

	// Down.
	Re      *BundleRef     `json:"re,omitempty"`      // newest bundle of the node the hub has taken; nil for none
	Answer  *HelloAnswer   `json:"answer,omitempty"`  // as on the line
	Fault   *Fault         `json:"fault,omitempty"`   // instead of Answer: why the node may not speak now
	Offered []BundleOffer  `json:"offered,omitempty"` // what became of the offers of Re
	Welcome *BundleWelcome `json:"welcome,omitempty"` // until the hub has seen a bundle under the new identity
}

// BundlePart is one frame or file of a bundle.
type BundlePart struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// BundleRecall is [Recall] in a bundle: its frames are parts between the frames of
// the up log and the files. They count only if the hub has the up log through
// Hello's Last when it has applied the bundle.
type BundleRecall struct {
	HubEpoch string       `json:"hubEpoch"`         // of the hub that asked
	Frames   []BundlePart `json:"frames,omitempty"` // of down entries, in the order they came
	Done     bool         `json:"done,omitempty"`   // there are no more
	Gone     uint64       `json:"gone,omitempty"`   // see Recall
}

// BundleRef names a bundle of a node.
type BundleRef struct {
	Epoch  string `json:"epoch"`
	Number uint64 `json:"number"`
}

// BundleOffer says what the hub has of an offered file.
type BundleOffer struct {
	SHA256 string `json:"sha256"`
	Done   bool   `json:"done,omitempty"`  // whole and verified
	Fault  *Fault `json:"fault,omitempty"` // why it does not take it
}

// BundleText returns what is signed in a bundle: its direction and the digest
// of its index.
func BundleText(dir Direction, index []byte) []byte {
	return []byte("zhanqun-bundle-" + strconv.Itoa(Version) + "\n" + string(dir) + "\n" + HashOf(index))
}

// Bytes returns how many bytes of frames and files follow the index.
func (x *BundleIndex) Bytes() int64 {
	var n int64
	for _, list := range [][]BundlePart{x.Frames, x.recalled(), x.Files} {
		for _, p := range list {
			n += p.Size
		}
	}
	return n
}

func (x *BundleIndex) recalled() []BundlePart {
	if x.Recall == nil {
		return nil
	}
	return x.Recall.Frames
}

// check reports the first rule of a bundle's index that x breaks, or nil. What
// passes has bounded parts, whatever the maker is.
func (x *BundleIndex) check() *Fault {
	bad := func(field, detail string) *Fault {
		return &Fault{Code: CodeMalformed, Field: field, Detail: "摆渡包的目录不对：" + detail}
	}
	switch {
	case !Speaks(x.V):
		return &Fault{Code: CodeVersion, Detail: fmt.Sprintf("摆渡包的版本 %d 无法识别，请升级程序", x.V)}
	case x.Node != "" && !ValidNode(x.Node):
		return bad("node", "节点名无效")
	case !validToken(x.Epoch, 36):
		return bad("epoch", "缺少数据库的编号")
	case x.Number == 0 || x.Number > maxNumber:
		return bad("number", "编号无效")
	case x.Last > maxNumber, x.First > x.Last, (x.First == 0) != (x.Last == 0), (x.First == 0) != (len(x.Frames) == 0):
		return bad("first", "起止序号对不上")
	}
	if f := x.checkSides(bad); f != nil {
		return f
	}
	return x.checkParts(bad)
}

// maxNumber keeps numbers within what every database counts to.
const maxNumber = 1<<63 - 1

func (x *BundleIndex) checkSides(bad func(field, detail string) *Fault) *Fault {
	from, err := ParsePublic(x.From)
	if err != nil {
		return bad("from", "制作者的公钥无效")
	}
	if _, err := ParsePublic(x.To); err != nil && x.To != "" {
		return bad("to", "接收者的公钥无效")
	}
	switch x.Dir {
	case Up:
		switch {
		case from.text[0] != 'U' || x.To != "" && x.To[0] != 'N':
			return bad("from", "方向与公钥不符")
		case (x.Hello == nil) == (x.Join == nil), (x.Node == "") != (x.Join != nil), x.To == "" && x.Join == nil:
			return bad("hello", "没有说明是谁")
		case x.Hello != nil && (max(x.Hello.Last, x.Hello.Confirmed, x.Hello.Down) > maxNumber || x.Hello.HubEpoch != "" && !validToken(x.Hello.HubEpoch, 36)):
			return bad("hello", "序号或编号无效")
		case x.Join != nil && (len(x.Frames) > 0 || len(x.Files) > 0 || len(x.Offers) > 0):
			return bad("join", "入网请求不能带内容")
		case x.Recall != nil && (x.Hello == nil || !validToken(x.Recall.HubEpoch, 36) || x.Recall.Gone > maxNumber):
			return bad("recall", "交回的内容无效")
		}
	case Down:
		switch {
		case from.text[0] != 'N' || x.To == "" || x.To[0] != 'U' || x.Node == "":
			return bad("from", "方向与公钥不符")
		case (x.Answer == nil) == (x.Fault == nil):
			return bad("answer", "没有回答")
		case len(x.Files) > 0:
			return bad("files", "回包不能带附件")
		case x.Recall != nil:
			return bad("recall", "回包不能带交回的内容")
		}
	default:
		return bad("dir", "方向无效")
	}
	return nil
}

func (x *BundleIndex) checkParts(bad func(field, detail string) *Fault) *Fault {
	if len(x.Frames)+len(x.recalled()) > MaxBundleFrames || len(x.Files) > MaxBundleFiles || len(x.Offers) > MaxBundleFiles || len(x.Offered) > MaxBundleFiles {
		return &Fault{Code: CodeTooLarge, Detail: "摆渡包的目录项太多"}
	}
	for i, p := range slices.Concat(x.Frames, x.recalled()) {
		if p.Size <= 0 || p.Size > MaxFrameBytes || !ValidSHA256(p.SHA256) {
			return bad("frames", fmt.Sprintf("第 %d 帧的大小或摘要无效", i+1))
		}
	}
	seen := make(map[string]bool, len(x.Files))
	for i, p := range x.Files {
		if p.Size <= 0 || p.Size > MaxAttachmentBytes || !ValidSHA256(p.SHA256) || seen[p.SHA256] {
			return bad("files", fmt.Sprintf("第 %d 个附件的大小或摘要无效", i+1))
		}
		seen[p.SHA256] = true
	}
	for _, o := range x.Offers {
		if o.Size <= 0 || o.Size > MaxAttachmentBytes || !ValidSHA256(o.SHA256) {
			return bad("offers", "附件的大小或摘要无效")
		}
	}
	if x.Bytes() > MaxBundleBytes {
		return &Fault{Code: CodeTooLarge, Detail: fmt.Sprintf("摆渡包展开后超过 %d GiB", MaxBundleBytes>>30)}
	}
	return nil
}
