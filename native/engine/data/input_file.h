// An input file, opened for reading at any offset. Opening and reading fail with Error(Config) that names the path:
// "file-missing", "file-unreadable", "file-not-regular" (a directory, a pipe).
#pragma once

#include <cstdint>
#include <string>

namespace lossmith {

class InputFile {
 public:
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::string& path() const { return path_; }
  int64_t size() const { return size_; }  // when it was opened
  // Fills `to` unless the file ends before; bytes read.
  size_t readAt(int64_t offset, void* to, size_t bytes) const;
  bool isGzip() const;  // by its first two bytes, whatever its name

 private:
  std::string path_;
  int descriptor_;
  int64_t size_;
};

}  // namespace lossmith
