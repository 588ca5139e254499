package protocol

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
)

// First and last bytes of a bundle. The last ones tell a whole file from one
// that was cut off or is still being copied.
const (
	bundleHead = "ZQB1\n"
	bundleTail = "ZQB1 end\n"
)

// BundleContent gives a bundle its parts, in the order of the index.
type BundleContent struct {
	Frame  func(i int) ([]byte, error)
	Recall func(i int) ([]byte, error) // of Index.Recall; nil if there are none
	File   func(part BundlePart) (io.ReadCloser, error)
}

// WriteBundle writes a bundle signed by key, which becomes its From. A part that
// is not what the index says is an error: then w holds no bundle. It returns the
// digest of the index, by which the bundle is known.
func WriteBundle(w io.Writer, x BundleIndex, key Key, content BundleContent) (digest string, err error) {
	x.V, x.From = Version, key.Public()
	if f := x.check(); f != nil {
		return "", fmt.Errorf("writing bundle: %w", *f)
	}
	index, err := json.Marshal(x)
	if err != nil {
		return "", fmt.Errorf("writing bundle: %w", err)
	}
	if len(index) > MaxBundleIndexBytes {
		return "", fmt.Errorf("writing bundle: index of %d bytes", len(index))
	}
	if _, err := io.WriteString(w, bundleHead); err != nil {
		return "", fmt.Errorf("writing bundle: %w", err)
	}
	z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil { // the level is one of gzip's own
		return "", fmt.Errorf("writing bundle: %w", err)
	}
	line := strconv.Itoa(len(index)) + " " + base64.StdEncoding.EncodeToString(key.Sign(BundleText(x.Dir, index))) + "\n"
	if _, err := z.Write(append(append([]byte(line), index...), '\n')); err != nil {
		return "", fmt.Errorf("writing bundle: %w", err)
	}
	if err := writeParts(z, &x, content); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", fmt.Errorf("writing bundle: %w", err)
	}
	if _, err := io.WriteString(w, bundleTail); err != nil {
		return "", fmt.Errorf("writing bundle: %w", err)
	}
	return HashOf(index), nil
}

func writeParts(w io.Writer, x *BundleIndex, content BundleContent) error {
	if err := writeFrames(w, x.Frames, content.Frame); err != nil {
		return err
	}
	if err := writeFrames(w, x.recalled(), content.Recall); err != nil {
		return err
	}
	for _, p := range x.Files {
		r, err := content.File(p)
		if err == nil {
			err = writePart(w, p, r)
			_ = r.Close() // only read from
		}
		if err != nil {
			return fmt.Errorf("writing file %s of bundle: %w", p.SHA256, err)
		}
	}
	return nil
}

func writeFrames(w io.Writer, parts []BundlePart, frame func(i int) ([]byte, error)) error {
	for i, p := range parts {
		data, err := frame(i)
		if err == nil {
			err = writePart(w, p, bytes.NewReader(data))
		}
		if err != nil {
			return fmt.Errorf("writing frame %d of bundle: %w", i+1, err)
		}
	}
	return nil
}

func writePart(w io.Writer, p BundlePart, r io.Reader) error {
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, h), io.LimitReader(r, p.Size+1))
	if err == nil && (n != p.Size || hex.EncodeToString(h.Sum(nil)) != p.SHA256) {
		err = fmt.Errorf("it is not the %d bytes the index names", p.Size)
	}
	return err
}
