// Which target paths a delegation's pattern covers (TUF 1.0, 4.5, PATHPATTERN).
#pragma once

#include <QString>

namespace sealift::tuf {

// Shell patterns for path names, as glob(7) describes them: '*' any characters, '?' one character, "[abc]", "[a-z]" one
// of these, "[!abc]" one that is not; none of them stands for '/', so that pattern and path have as many parts. A '['
// that is never closed stands for itself. Names that begin with '.' are nothing special. The time is at most the
// product of both lengths.
bool matchesPathPattern(const QString& pattern, const QString& path);

}  // namespace sealift::tuf
