#include "devices/images/libconfig_reader.h"

#include <algorithm>

namespace sealift {
namespace {

constexpr qsizetype kMaxBytes = 1024 * 1024;
constexpr int kMaxDepth = 24;
constexpr int kMaxValues = 5'000;

bool isLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool isDigit(char c) {
  return c >= '0' && c <= '9';
}
bool isBlank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}
int hexDigit(char c) {
  return isDigit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

class Reader {
 public:
  explicit Reader(QByteArrayView text) : text_(text) {}

  Result<LibconfigValue> file() {
    LibconfigValue root;
    SEALIFT_CHECK(settings(root, 0));
    return atEnd() ? Result<LibconfigValue>(std::move(root)) : wrong("there is a \"}\" too many");
  }

 private:
  tl::unexpected<Error> wrong(const char* what) const {
    const auto line = std::count(text_.begin(), text_.begin() + at_, '\n') + 1;
    return fail(ErrorCode::ImageMalformed,
                QStringLiteral("The description can't be read, line %1: %2.").arg(line).arg(QLatin1String(what)));
  }
  bool atEnd() const { return at_ >= text_.size(); }
  char peek(qsizetype ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool accept(char c) {
    if (atEnd() || peek() != c) {
      return false;
    }
    ++at_;
    return true;
  }

  // Blanks and comments (2.1): "# …", "// …", "/* … */".
  Status skipBlanks() {
    while (!atEnd()) {
      if (isBlank(peek())) {
        ++at_;
      } else if (peek() == '#' || (peek() == '/' && peek(1) == '/')) {
        while (!atEnd() && peek() != '\n') {
          ++at_;
        }
      } else if (peek() == '/' && peek(1) == '*') {
        const qsizetype end = text_.indexOf("*/", at_ + 2);
        if (end < 0) {
          return wrong("a comment has no end");
        }
        at_ = end + 2;
      } else {
        break;
      }
    }
    return {};
  }

  // setting = name ( "=" | ":" ) value [ ";" | "," ]
  Status settings(LibconfigValue& group, int depth) {
    for (;;) {
      SEALIFT_CHECK(skipBlanks());
      if (atEnd() || peek() == '}') {
        return {};
      }
      if (peek() == '@') {
        return wrong("@include and the like are not allowed");
      }
      SEALIFT_TRY(const QByteArray name, settingName());
      if (group.find(name) != nullptr) {
        return wrong("a setting stands there twice");
      }
      SEALIFT_CHECK(skipBlanks());
      if (!accept('=') && !accept(':')) {
        return wrong("\"=\" or \":\" is missing");
      }
      SEALIFT_TRY(LibconfigValue read, value(depth + 1));
      read.name = name;
      group.members.push_back(std::move(read));
      SEALIFT_CHECK(skipBlanks());
      if (!accept(';')) {
        (void)accept(',');
      }
    }
  }

  Result<QByteArray> settingName() {
    const qsizetype begin = at_;
    if (!isLetter(peek()) && peek() != '*') {
      return wrong("a setting's name is expected");
    }
    while (!atEnd() && (isLetter(peek()) || isDigit(peek()) || peek() == '-' || peek() == '_' || peek() == '*')) {
      ++at_;
    }
    return text_.sliced(begin, at_ - begin).toByteArray();
  }

  Result<LibconfigValue> value(int depth) {
    if (depth > kMaxDepth) {
      return wrong("it is nested too deeply");
    }
    if (++count_ > kMaxValues) {
      return wrong("it holds too many settings");
    }
    SEALIFT_CHECK(skipBlanks());
    LibconfigValue read;
    if (accept('{')) {
      SEALIFT_CHECK(settings(read, depth));
      return accept('}') ? Result<LibconfigValue>(std::move(read)) : wrong("\"}\" is missing");
    }
    if (accept('[')) {
      read.kind = LibconfigValue::Kind::Array;
      SEALIFT_CHECK(elements(read, ']', depth));
      return read;
    }
    if (accept('(')) {
      read.kind = LibconfigValue::Kind::List;
      SEALIFT_CHECK(elements(read, ')', depth));
      return read;
    }
    if (peek() == '"') {
      read.kind = LibconfigValue::Kind::Text;
      SEALIFT_CHECK(strings(read.text));
      return read;
    }
    read.kind = LibconfigValue::Kind::Scalar;
    const qsizetype begin = at_;
    while (!atEnd() && (isLetter(peek()) || isDigit(peek()) || peek() == '.' || peek() == '+' || peek() == '-')) {
      ++at_;
    }
    read.text = text_.sliced(begin, at_ - begin).toByteArray();
    return isScalar(read.text) ? Result<LibconfigValue>(std::move(read)) : wrong("a value is expected");
  }

  // true, false (in any case), integers, hexadecimal ones, floating point numbers (2.2).
  static bool isScalar(const QByteArray& text) {
    const QByteArray lower = text.toLower();
    if (lower == "true" || lower == "false") {
      return true;
    }
    QByteArray number = lower;
    while (number.endsWith('l')) {  // 64-bit integers
      number.chop(1);
    }
    bool ok = false;
    if (number.startsWith("0x")) {
      (void)number.toULongLong(&ok, 16);
      return ok;
    }
    const bool plain = std::all_of(number.begin(), number.end(),
                                   [](char c) { return isDigit(c) || c == '.' || c == '-' || c == '+' || c == 'e'; });
    (void)number.toDouble(&ok);
    return plain && ok;
  }

  Status elements(LibconfigValue& sequence, char end, int depth) {
    for (;;) {
      SEALIFT_CHECK(skipBlanks());
      if (accept(end)) {
        return {};
      }
      SEALIFT_TRY(LibconfigValue read, value(depth + 1));
      if (sequence.kind == LibconfigValue::Kind::Array && read.kind != LibconfigValue::Kind::Text &&
          read.kind != LibconfigValue::Kind::Scalar) {
        return wrong("an array holds more than plain values");
      }
      sequence.members.push_back(std::move(read));
      SEALIFT_CHECK(skipBlanks());
      if (!accept(',') && peek() != end) {
        return wrong("\",\" or the list's end is missing");
      }
    }
  }

  // One string, or several in a row that are taken together.
  Status strings(QByteArray& into) {
    while (accept('"')) {
      SEALIFT_CHECK(stringRest(into));
      SEALIFT_CHECK(skipBlanks());
    }
    return {};
  }

  Status stringRest(QByteArray& into) {
    while (!atEnd()) {
      const char c = text_[at_++];
      if (c == '"') {
        return {};
      }
      if (c == '\0') {
        break;
      }
      if (c != '\\') {
        into.append(c);
        continue;
      }
      const char escaped = peek();
      at_ += atEnd() ? 0 : 1;
      switch (escaped) {
        case 'n':
          into.append('\n');
          break;
        case 'r':
          into.append('\r');
          break;
        case 't':
          into.append('\t');
          break;
        case 'f':
          into.append('\f');
          break;
        case '\\':
        case '"':
          into.append(escaped);
          break;
        case 'x': {
          const int high = hexDigit(peek());
          const int low = hexDigit(peek(1));
          if (high < 0 || low < 0 || high + low == 0) {
            return wrong("a text has a bad \\x");
          }
          into.append(static_cast<char>(high * 16 + low));
          at_ += 2;
          break;
        }
        default:
          return wrong("a text has an unknown escape");
      }
    }
    return wrong("a text has no end");
  }

  QByteArrayView text_;
  qsizetype at_ = 0;
  int count_ = 0;
};

}  // namespace

const LibconfigValue* LibconfigValue::find(QByteArrayView wanted) const {
  const auto it =
      std::find_if(members.begin(), members.end(), [&](const LibconfigValue& member) { return member.name == wanted; });
  return kind == Kind::Group && it != members.end() ? &*it : nullptr;
}

Result<LibconfigValue> readLibconfig(QByteArrayView text) {
  if (text.size() > kMaxBytes) {
    return fail(ErrorCode::ImageMalformed, QStringLiteral("The description has more than %1 bytes.").arg(kMaxBytes));
  }
  Reader reader(text);
  SEALIFT_TRY(LibconfigValue root, reader.file());
  return root;
}

}  // namespace sealift
