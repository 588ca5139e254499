package dropbox

import (
	"fmt"
	"strconv"
	"strings"

	"zhanqun/protocol"
)

// Name is the name of a bundle's file. It is for people and for sorting; what
// counts is in the bundle.
type Name struct {
	Who    string // the node, or Newcomer
	Dir    protocol.Direction
	Number uint64
}

// Newcomer stands for a node that has no id yet: the end of its public key.
func Newcomer(publicKey string) string {
	return "new" + strings.ToLower(publicKey[max(0, len(publicKey)-8):])
}

// String returns the file name. The names of one sender sort in the order of
// their numbers.
func (n Name) String() string {
	return fmt.Sprintf("zhanqun-%s-%s-%06d%s", n.Who, n.Dir, n.Number, Ext)
}

// ParseName reads a name as String writes it.
func ParseName(file string) (Name, bool) {
	parts := strings.Split(strings.TrimSuffix(file, Ext), "-")
	if len(parts) != 4 {
		return Name{}, false
	}
	number, err := strconv.ParseUint(parts[3], 10, 63)
	n := Name{Who: parts[1], Dir: protocol.Direction(parts[2]), Number: number}
	return n, err == nil && protocol.ValidNode(n.Who) && n.String() == file
}
