// A file written aside and renamed into place when it is whole: nobody ever sees half of it. Throws Error(Config, "file-unwritable").
#pragma once

#include <cstddef>
#include <string>

namespace lossmith {

class OutputFile {
 public:
  explicit OutputFile(const std::string& path);
  ~OutputFile();  // removes what was not committed
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  const std::string& asidePath() const { return aside_path_; }
  void write(const void* data, size_t bytes);
  void commit();

 private:
  [[noreturn]] void fail() const;

  std::string path_, aside_path_;
  int descriptor_;
};

}  // namespace lossmith
