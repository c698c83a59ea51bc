// Oci writes an OCI archive. Equal input gives equal bytes: no times, no owners, a fixed order.
//
//	oci OUT.tar NAME CONFIG LAYER...
//
// CONFIG is the JSON of the image's `config`. Each LAYER is the tar of a file tree, or a program that becomes the
// layer's only file: at the top, or in the folder that FOLDER=PROGRAM names.
package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

type object map[string]any

func main() {
	if len(os.Args) < 5 {
		fmt.Fprintln(os.Stderr, "usage: oci OUT.tar NAME CONFIG LAYER...")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2], os.Args[3], os.Args[4:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(out, name, settings string, sources []string) error {
	var blobs [][]byte
	var layers []object
	var ids []string
	for _, source := range sources {
		layer, err := read(source)
		if err != nil {
			return err
		}
		blobs = append(blobs, layer)
		layers = append(layers, descriptor("layer.v1.tar", layer, nil))
		ids = append(ids, digest(layer))
	}
	config, err := json.Marshal(object{
		"architecture": runtime.GOARCH, "os": "linux", "config": json.RawMessage(settings),
		"rootfs": object{"type": "layers", "diff_ids": ids},
	})
	if err != nil {
		return err
	}
	manifest, err := json.Marshal(object{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		"config": descriptor("config.v1+json", config, nil),
		"layers": layers,
	})
	if err != nil {
		return err
	}
	// containerd takes the image's name from the first, other tools from the second.
	names := object{"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name}
	index, err := json.Marshal(object{"schemaVersion": 2, "manifests": []object{descriptor("manifest.v1+json", manifest, names)}})
	if err != nil {
		return err
	}
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(file)
	add(archive, "oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644)
	add(archive, "index.json", index, 0o644)
	for _, blob := range append([][]byte{config, manifest}, blobs...) {
		add(archive, "blobs/"+strings.ReplaceAll(digest(blob), ":", "/"), blob, 0o644)
	}
	// The writer keeps its first error and gives it here.
	if err := archive.Close(); err != nil {
		return err
	}
	return file.Close()
}

// read gives a layer's tar.
func read(source string) ([]byte, error) {
	folder, path, found := strings.Cut(source, "=")
	if !found {
		folder, path = "", source
	}
	content, err := os.ReadFile(path)
	if err != nil || strings.HasSuffix(path, ".tar") {
		return content, err
	}
	return single(filepath.Join(folder, filepath.Base(path)), content)
}

func single(name string, content []byte) ([]byte, error) {
	var layer bytes.Buffer
	archive := tar.NewWriter(&layer)
	add(archive, name, content, 0o755)
	err := archive.Close()
	return layer.Bytes(), err
}

func add(archive *tar.Writer, name string, content []byte, mode int64) {
	header := &tar.Header{Name: name, Size: int64(len(content)), Mode: mode, Typeflag: tar.TypeReg, Format: tar.FormatUSTAR}
	if archive.WriteHeader(header) == nil {
		_, _ = io.Copy(archive, bytes.NewReader(content))
	}
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func descriptor(kind string, content []byte, annotations object) object {
	made := object{"mediaType": "application/vnd.oci.image." + kind, "digest": digest(content), "size": len(content)}
	if annotations != nil {
		made["annotations"] = annotations
	}
	return made
}
