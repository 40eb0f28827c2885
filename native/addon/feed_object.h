// The Feed of native/ts/binding.ts, and what else of the addon speaks of pieces, cursors and rejects.
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "engine/data/log_feed.h"

namespace lossmith {

void registerFeed(Napi::Env env, Napi::Object exports);

// The feed inside a handle, shared with whoever reads it on another thread. Throws a TypeError for anything else.
std::shared_ptr<Feed> feedFromJs(Napi::Value value);

// Conversions of NativeSource, NativePiece, NativeCursor, NativeReject. JavaScript thread only.
std::shared_ptr<LogSource> sourceFromJs(Napi::Value value);
Piece pieceFromJs(Napi::Value value);
std::vector<Piece> piecesFromJs(Napi::Value value);
Cursor cursorFromJs(Napi::Value value);
Napi::Object cursorToJs(Napi::Env env, const Cursor& cursor);
Napi::Array rejectsToJs(Napi::Env env, const std::vector<Reject>& rejects);

}  // namespace lossmith
