package chaos

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// disk is an ext4 image on a loop mount, of which the power can be cut.
type disk struct {
	image, dir string
	mounted    bool
}

// newDisk makes and mounts one. The error says why this machine cannot.
func newDisk(t *testing.T, dir string) (*disk, error) {
	t.Helper()
	if os.Getuid() != 0 {
		return nil, errors.New("not root")
	}
	d := &disk{image: dir + ".img", dir: dir}
	f, err := os.Create(d.image)
	if err == nil {
		err = errors.Join(f.Truncate(512<<20), f.Close())
	}
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := command("mkfs.ext4", "-q", "-F", d.image); err != nil {
		return nil, err
	}
	if err := d.mount(); err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if d.mounted && t.Failed() {
			if err := os.CopyFS(dir+".kept", os.DirFS(dir)); err != nil {
				t.Error(err)
			}
		}
		if err := d.unmount(); err != nil {
			t.Error(err)
		}
	})
	return d, nil
}

func command(name string, args ...string) error {
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/sbin:/usr/sbin")
	if path, err := exec.LookPath("/usr/sbin/" + name); err == nil {
		c.Path, c.Err = path, nil
	}
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w: %s", name, args, err, out)
	}
	return nil
}

func (d *disk) mount() error {
	err := command("mount", "-t", "ext4", "-o", "loop", d.image, d.dir)
	if err == nil {
		d.mounted = true
		mounts.Store(d.dir, true)
	}
	return err
}

func (d *disk) unmount() error {
	if !d.mounted {
		return nil
	}
	err := command("umount", d.dir)
	if err == nil {
		d.mounted = false
		mounts.Delete(d.dir)
	}
	return err
}

// own checks that the folder is the mount of the disk's own image on a loop
// device, and nothing else: the power of no other disk is ever cut.
func (d *disk) own() error {
	mounts, err := os.ReadFile("/proc/mounts")
	if err != nil {
		return err
	}
	device := ""
	for line := range strings.Lines(string(mounts)) {
		if f := strings.Fields(line); len(f) > 2 && f[1] == d.dir {
			if device != "" || f[2] != "ext4" || !strings.HasPrefix(f[0], "/dev/loop") {
				return fmt.Errorf("%s is another mount: %s", d.dir, line)
			}
			device = f[0]
		}
	}
	if device == "" {
		return fmt.Errorf("%s is not mounted", d.dir)
	}
	file, err := os.ReadFile(filepath.Join("/sys/block", filepath.Base(device), "loop/backing_file"))
	if err != nil {
		return err
	}
	var image, backing, folder, parent, block syscall.Stat_t
	err = errors.Join(syscall.Stat(d.image, &image), syscall.Stat(strings.TrimSuffix(string(file), "\n"), &backing),
		syscall.Stat(d.dir, &folder), syscall.Stat(filepath.Dir(d.dir), &parent), syscall.Stat(device, &block))
	switch {
	case err != nil:
		return err
	case image.Dev != backing.Dev || image.Ino != backing.Ino:
		return fmt.Errorf("%s holds %s, not this test's image", device, file)
	case folder.Dev == parent.Dev || folder.Dev != block.Rdev:
		return fmt.Errorf("%s is not on %s", d.dir, device)
	}
	return nil
}

// cutPower has the file system forget whatever is not synced, and refuse all
// that comes after: as when the power fails.
func (d *disk) cutPower() error {
	if err := d.own(); err != nil {
		return fmt.Errorf("the power is not cut: %w", err)
	}
	f, err := os.Open(d.dir)
	if err != nil {
		return err
	}
	const shutdown, noLogFlush = 0x8004587d, 2 // EXT4_IOC_SHUTDOWN, EXT4_GOING_FLAGS_NOLOGFLUSH
	flag := uint32(noLogFlush)
	_, _, e := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), shutdown, uintptr(unsafe.Pointer(&flag)))
	err = f.Close()
	if e != 0 {
		return fmt.Errorf("shutdown of %s: %w", d.dir, e)
	}
	return err
}

// restored mounts the disk anew, as after the power came back.
func (d *disk) restored() error { return errors.Join(d.unmount(), d.mount()) }

// scribble writes a file and does not sync it; scribbled says whether it is
// there: after a true power cut it is not.
func (d *disk) scribble() error {
	return os.WriteFile(filepath.Join(d.dir, "scribble"), make([]byte, 64<<10), 0o600)
}

func (d *disk) scribbled() bool {
	info, err := os.Stat(filepath.Join(d.dir, "scribble"))
	return err == nil && info.Size() > 0
}
