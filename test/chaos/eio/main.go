// A file system that shows a directory, and whose disk fails when it is told to.
//
//	eio <directory> <mount point>
//
// Says "mounted" when it is. Each line on its standard input names the operations that fail with EIO from then on, separated
// by spaces (open, create, read, write, fsync, rename, unlink, list, stat); an empty line heals it. It unmounts itself and
// ends with its standard input.
package main

import (
	"bufio"
	"fmt"
	"log"
	"os"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: eio <directory> <mount point>")
	}
	root, err := fs.NewLoopbackRoot(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	disk := &failing{RawFileSystem: fs.NewNodeFS(root, &fs.Options{})}
	options := &fuse.MountOptions{DirectMountStrict: true, FsName: "eio", Name: "eio"}
	server, err := fuse.NewServer(disk, os.Args[2], options)
	if err != nil {
		log.Fatal(err)
	}
	go server.Serve()
	if err := server.WaitMount(); err != nil {
		log.Fatal(err)
	}
	fmt.Println("mounted")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		failures := map[string]bool{}
		for _, name := range strings.Fields(lines.Text()) {
			failures[name] = true
		}
		disk.failures.Store(&failures)
		fmt.Println("ok")
	}
	// Lazily: whoever still has a file open keeps it, and nobody finds the others.
	if err := syscall.Unmount(os.Args[2], syscall.MNT_DETACH); err != nil {
		log.Fatal(err)
	}
}

type failing struct {
	fuse.RawFileSystem
	failures atomic.Pointer[map[string]bool]
}

// Init keeps the server from the bridge: it would let the kernel pass reads and writes by us (FUSE passthrough).
func (f *failing) Init(*fuse.Server) {}

func (f *failing) fails(operation string) bool {
	failures := f.failures.Load()
	return failures != nil && (*failures)[operation]
}

func (f *failing) Open(cancel <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	if f.fails("open") {
		return fuse.EIO
	}
	return f.RawFileSystem.Open(cancel, in, out)
}

func (f *failing) Create(cancel <-chan struct{}, in *fuse.CreateIn, name string, out *fuse.CreateOut) fuse.Status {
	if f.fails("create") {
		return fuse.EIO
	}
	return f.RawFileSystem.Create(cancel, in, name, out)
}

func (f *failing) Read(cancel <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	if f.fails("read") {
		return nil, fuse.EIO
	}
	return f.RawFileSystem.Read(cancel, in, buf)
}

// Writev brings half of the bytes to the disk before it fails: what a disk that dies does.
func (f *failing) Writev(cancel <-chan struct{}, in *fuse.WriteIn, data [][]byte) (uint32, fuse.Status) {
	if f.fails("write") && len(data) > 0 {
		f.RawFileSystem.Writev(cancel, in, [][]byte{data[0][:len(data[0])/2]})
		return 0, fuse.EIO
	}
	return f.RawFileSystem.Writev(cancel, in, data)
}

func (f *failing) Fsync(cancel <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	if f.fails("fsync") {
		return fuse.EIO
	}
	return f.RawFileSystem.Fsync(cancel, in)
}

func (f *failing) FsyncDir(cancel <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	if f.fails("fsync") {
		return fuse.EIO
	}
	return f.RawFileSystem.FsyncDir(cancel, in)
}

func (f *failing) Rename(cancel <-chan struct{}, in *fuse.RenameIn, from string, to string) fuse.Status {
	if f.fails("rename") {
		return fuse.EIO
	}
	return f.RawFileSystem.Rename(cancel, in, from, to)
}

func (f *failing) Unlink(cancel <-chan struct{}, header *fuse.InHeader, name string) fuse.Status {
	if f.fails("unlink") {
		return fuse.EIO
	}
	return f.RawFileSystem.Unlink(cancel, header, name)
}

func (f *failing) OpenDir(cancel <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	if f.fails("list") {
		return fuse.EIO
	}
	return f.RawFileSystem.OpenDir(cancel, in, out)
}

func (f *failing) GetAttr(cancel <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	if f.fails("stat") {
		return fuse.EIO
	}
	return f.RawFileSystem.GetAttr(cancel, in, out)
}
