// See shared_library.h.
#include "engine/cuda/libraries/shared_library.h"

#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <system_error>

#include "engine/errors.h"

namespace lossmith {
namespace {

namespace files = std::filesystem;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Names of what lies in a folder, sorted, so that the choice among several is the same everywhere.
std::vector<files::path> entriesOf(const files::path& folder) {
  std::vector<files::path> entries;
  std::error_code error;
  for (files::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) entries.push_back(at->path());
  std::sort(entries.begin(), entries.end());
  return entries;
}

// `prefix`/lib/python3.X/site-packages and dist-packages (Debian), the newest Python first as far as names tell.
void addPackages(const files::path& prefix, std::vector<files::path>& packages) {
  std::vector<files::path> entries = entriesOf(prefix / "lib");
  std::reverse(entries.begin(), entries.end());
  for (const files::path& entry : entries) {
    if (entry.filename().string().rfind("python3", 0) != 0) continue;
    packages.push_back(entry / "site-packages");
    packages.push_back(entry / "dist-packages");
  }
}

// Where pip puts wheels. The python3 on the path is found without starting it: beside bin/ lies lib/.
std::vector<files::path> pythonPackages() {
  std::vector<files::path> packages;
  for (const char* name : {"VIRTUAL_ENV", "CONDA_PREFIX"}) {
    if (!variable(name).empty()) addPackages(variable(name), packages);
  }
  if (!variable("HOME").empty()) addPackages(files::path(variable("HOME")) / ".local", packages);
  std::stringstream path(variable("PATH"));
  for (std::string folder; std::getline(path, folder, ':');) {
    std::error_code error;
    if (!folder.empty() && files::exists(files::path(folder) / "python3", error)) addPackages(files::path(folder).parent_path(), packages);
  }
  addPackages("/usr/local", packages);
  addPackages("/usr", packages);
  return packages;
}

std::string openedPath(void* handle, const std::string& asked) {
  link_map* map = nullptr;
  if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0 || map == nullptr || map->l_name == nullptr || *map->l_name == 0) return asked;
  return map->l_name;
}

// Why the last dlopen failed, or nothing where there simply is no such file.
std::string reasonOf(const std::string& file) {
  const char* error = dlerror();
  std::error_code ignored;
  if (file.find('/') != std::string::npos && !files::exists(file, ignored)) return "";
  const std::string reason = error == nullptr ? "does not load" : error;
  return reason.find("cannot open shared object file: No such file") != std::string::npos && reason.rfind(file, 0) == 0 ? "" : reason;
}

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

}  // namespace

std::vector<std::string> libraryFolders() {
  std::vector<files::path> folders;
  for (const char* name : {"CUDA_HOME", "CUDA_PATH"}) {
    if (!variable(name).empty()) folders.push_back(files::path(variable(name)) / "lib64");
  }
  folders.emplace_back("/usr/local/cuda/lib64");
  if (!variable("CONDA_PREFIX").empty()) folders.push_back(files::path(variable("CONDA_PREFIX")) / "lib");
  for (const files::path& packages : pythonPackages()) {
    std::vector<files::path> wheels = entriesOf(packages / "nvidia");
    // The wheels of CUDA 13 lie together in nvidia/cu13; those of 12 in a folder each. The newer first.
    std::stable_partition(wheels.begin(), wheels.end(), [](const files::path& wheel) { return wheel.filename().string().rfind("cu1", 0) == 0; });
    for (const files::path& wheel : wheels) folders.push_back(wheel / "lib");
  }
  std::vector<std::string> there;
  for (const files::path& folder : folders) {
    std::error_code error;
    const std::string name = folder.string();
    if (files::is_directory(folder, error) && std::find(there.begin(), there.end(), name) == there.end()) there.push_back(name);
  }
  return there;
}

SharedLibrary::SharedLibrary(const LibraryNames& names) : title_(names.title) {
  std::vector<std::string> candidates, looked, reasons;
  const std::string own = variable(names.variable);
  if (!own.empty()) {
    candidates = {own};
    looked = {std::string(names.variable) + "=" + own};
  } else {
    candidates = names.sonames;
    looked = {"the loader's path"};
    for (const std::string& folder : libraryFolders()) {
      looked.push_back(folder);
      for (const std::string& soname : names.sonames) candidates.push_back(folder + "/" + soname);
    }
  }
  for (const std::string& file : candidates) {
    handle_ = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle_ != nullptr) {
      path_ = openedPath(handle_, file);
      return;
    }
    const std::string reason = reasonOf(file);
    if (!reason.empty()) reasons.push_back(reason);
  }
  throw configError("library-missing", "[" + std::string(names.title) + "] wanted " + joined(names.sonames, " or ") + ", got none in " +
                                           joined(looked, ", ") + (reasons.empty() ? "" : " (" + joined(reasons, "; ") + ")") + ": " + names.install +
                                           ", or name the file in " + names.variable);
}

void* SharedLibrary::find(const char* name) const {
  dlerror();
  void* found = dlsym(handle_, name);
  if (found == nullptr) {
    throw configError("library-symbol", "[" + std::string(title_) + "] wanted " + name + " in " + path_ + ", got no such function: it is too old");
  }
  return found;
}

}  // namespace lossmith
