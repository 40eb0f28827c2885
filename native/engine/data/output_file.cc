// See output_file.h.
#include "engine/data/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "engine/errors.h"

namespace lossmith {

OutputFile::OutputFile(const std::string& path) : path_(path), aside_path_(path + ".partial") {
  descriptor_ = ::open(aside_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail();
}

OutputFile::~OutputFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(aside_path_.c_str());
}

void OutputFile::write(const void* data, size_t bytes) {
  const char* from = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t done = ::write(descriptor_, from, bytes);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) fail();
    from += done, bytes -= static_cast<size_t>(done);
  }
}

void OutputFile::commit() {
  if (std::rename(aside_path_.c_str(), path_.c_str()) != 0) fail();
  ::close(descriptor_);
  descriptor_ = -1;
}

void OutputFile::fail() const { throw configError("file-unwritable", "wanted to write " + path_ + ": " + std::strerror(errno)); }

}  // namespace lossmith
