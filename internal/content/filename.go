package content

import (
	"strings"
	"unicode/utf8"
)

// maxName is the longest safe name in bytes: file systems stop at 255, and room
// is left for what others put around it.
const maxName = 200

// extOf returns the extension of name, lower case and without its dot, or "".
func extOf(name string) string {
	name = tidyName(name)
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return ""
	}
	return strings.ToLower(strings.TrimSpace(name[i+1:]))
}

// tidyName drops folders of either system, and the dots and blanks at the end
// that Windows drops.
func tidyName(name string) string {
	name = CleanLine(name)
	return strings.TrimRight(name[strings.LastIndexAny(name, `/\`)+1:], " .　")
}

// safeName returns name as one that every system stores, shows and sends as it
// is, ending in ext (without dot): no folders, no control or direction marks,
// nothing Windows refuses, at most 200 bytes, Chinese kept.
func safeName(name, ext string) string {
	name = tidyName(name)
	if extOf(name) == ext || extTypes[extOf(name)] != nil {
		name = name[:strings.LastIndexByte(name, '.')]
	}
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>:"|?*`, r) {
			return '_'
		}
		return r
	}, name)
	name = strings.Trim(name, " .　")
	if windowsDevice(name) {
		name = "_" + name
	}
	if room := maxName - len(ext) - 1; len(name) > room {
		for !utf8.RuneStart(name[room]) {
			room--
		}
		name = strings.TrimRight(name[:room], " .　")
	}
	if name == "" {
		name = "附件"
	}
	return name + "." + ext
}

// windowsDevice reports whether Windows would open a device instead of a file.
func windowsDevice(name string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch stem = strings.TrimSpace(stem); stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	return len(stem) == 4 && (stem[:3] == "COM" || stem[:3] == "LPT") && stem[3] >= '0' && stem[3] <= '9'
}
