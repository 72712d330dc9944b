#include "app/cli/secret_input.h"

#include <windows.h>

namespace sealift {

std::optional<QByteArray> readSecret(const QString& prompt) {
  const HANDLE input =
      CreateFileW(L"CONIN$", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, nullptr, OPEN_EXISTING, 0, nullptr);
  const HANDLE output = CreateFileW(L"CONOUT$", GENERIC_WRITE, FILE_SHARE_WRITE, nullptr, OPEN_EXISTING, 0, nullptr);
  std::optional<QByteArray> secret;
  DWORD mode = 0;
  if (input != INVALID_HANDLE_VALUE && output != INVALID_HANDLE_VALUE && GetConsoleMode(input, &mode) &&
      SetConsoleMode(input, (mode | ENABLE_LINE_INPUT) & ~static_cast<DWORD>(ENABLE_ECHO_INPUT))) {
    const QString shown = prompt + QStringLiteral(": ");
    DWORD count = 0;
    WriteConsoleW(output, shown.utf16(), static_cast<DWORD>(shown.size()), &count, nullptr);
    wchar_t line[4096];
    if (ReadConsoleW(input, line, 4096, &count, nullptr)) {
      QString text = QString::fromWCharArray(line, static_cast<qsizetype>(count));
      while (text.endsWith(u'\n') || text.endsWith(u'\r')) {
        text.chop(1);
      }
      secret = text.toUtf8();
      text.fill(u'\0');
    }
    SecureZeroMemory(line, sizeof line);
    SetConsoleMode(input, mode);
    WriteConsoleW(output, L"\r\n", 2, &count, nullptr);
  }
  if (input != INVALID_HANDLE_VALUE) {
    CloseHandle(input);
  }
  if (output != INVALID_HANDLE_VALUE) {
    CloseHandle(output);
  }
  return secret;
}

}  // namespace sealift
