// A library of NVIDIA's that is opened when it is first needed, not linked: the addon loads on machines that lack it. Looked for in this order:
// the path in the library's own variable, the loader's search (LD_LIBRARY_PATH, ldconfig), $CUDA_HOME and $CUDA_PATH, /usr/local/cuda,
// $CONDA_PREFIX/lib, and the wheels of pip: nvidia/*/lib in site-packages of $VIRTUAL_ENV, $CONDA_PREFIX, the user, the python3 on the path, the
// system. Needs no header and no compiler of CUDA.
#pragma once

#include <string>
#include <vector>

namespace lossmith {

struct LibraryNames {
  const char* title;                 // as messages call it: "NCCL"
  const char* variable;              // environment: a path that is taken and nothing else
  std::vector<std::string> sonames;  // best first
  const char* install;               // how to get it
};

// Never closed: its functions are called until the process ends.
class SharedLibrary {
 public:
  // Throws Error(Config, "library-missing") with every place that was looked at and why what was there did not load.
  explicit SharedLibrary(const LibraryNames& names);

  const std::string& path() const { return path_; }  // of the file that was loaded

  // Throws Error(Config, "library-symbol"): another version is needed.
  template <class Function>
  Function* symbol(const char* name) const {
    return reinterpret_cast<Function*>(find(name));
  }

 private:
  void* find(const char* name) const;

  const char* title_;
  void* handle_ = nullptr;
  std::string path_;
};

// Folders in which SharedLibrary looks after the loader's own, in order; only those that exist.
std::vector<std::string> libraryFolders();

}  // namespace lossmith

// A table of functions. LIST(FUNCTION) names them: FUNCTION(name, result, arguments...).
#define LOSSMITH_LIBRARY_POINTER(name, result, ...) result (*name)(__VA_ARGS__) = nullptr;
// In a function that has a SharedLibrary `library` and a table `api`.
#define LOSSMITH_LIBRARY_SYMBOL(name, result, ...) api.name = library.symbol<result(__VA_ARGS__)>(#name);
