// See input_file.h.
#include "engine/data/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "engine/errors.h"

namespace lossmith {

InputFile::InputFile(const std::string& path) : path_(path) {
  // Not blocking: a pipe without a writer must not hold us up; it is refused below.
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0) {
    const int reason = errno;
    const char* code = reason == ENOENT || reason == ENOTDIR ? "file-missing" : "file-unreadable";
    throw configError(code, "wanted to read " + path + ": " + std::strerror(reason));
  }
  struct stat facts;
  if (::fstat(descriptor_, &facts) != 0 || !S_ISREG(facts.st_mode)) {
    const bool directory = S_ISDIR(facts.st_mode);
    ::close(descriptor_);
    throw configError("file-not-regular", "wanted a file at " + path + ", got " + (directory ? "a directory" : "something that is no regular file"));
  }
  size_ = facts.st_size;
}

InputFile::~InputFile() { ::close(descriptor_); }

size_t InputFile::readAt(int64_t offset, void* to, size_t bytes) const {
  size_t done = 0;
  while (done < bytes) {
    const ssize_t got = ::pread(descriptor_, static_cast<char*>(to) + done, bytes - done, offset + static_cast<int64_t>(done));
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      throw configError("file-unreadable", "wanted to read " + path_ + " at byte " + std::to_string(offset) + ": " + std::strerror(errno));
    }
    done += static_cast<size_t>(got);
  }
  return done;
}

bool InputFile::isGzip() const {
  uint8_t magic[2];
  return readAt(0, magic, 2) == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
}

}  // namespace lossmith
