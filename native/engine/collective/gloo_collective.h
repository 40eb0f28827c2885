// Ranks as processes, over TCP by Gloo: full mesh, unbound buffers, a new tag for every call. Only sends and receives: see collective.h.
// Every pair listens on a port of its own, on the one address of `host`, from prepare until its peer has connected. Gloo ends the process
// when sizes differ or a stranger speaks on a connection: sizes must be agreed, and the address must be private.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "engine/collective/collective.h"

namespace lossmith {

// Throws Error(Config, "collective-host") when `host` is no address of this machine.
std::unique_ptr<Collective> createGlooCollective(const std::string& host, int rank, int world, std::chrono::milliseconds timeout);

}  // namespace lossmith
