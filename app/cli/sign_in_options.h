// --supervisor and --password-file: who signs in for the one act of a command.
#pragma once

#include "app/cli/command.h"

#include <functional>

namespace sealift {

class SignInOptions {
 public:
  void declare(CLI::App& app);
  // The password is asked for at the terminal unless a file holds it. Without --supervisor: nobody. KeyPin when nobody
  // could be asked. Wipe the password afterwards.
  Result<SignIn> read(const CommandContext& context) const;
  // What `act` comes to with that sign-in, whose password is wiped then.
  Status with(const CommandContext& context, const std::function<Status(SignIn&)>& act) const;

 private:
  std::string supervisor_;
  std::string passwordFile_;
};

// A password that is typed unseen; twice when it is a new one. KeyPin when nobody could be asked or they differ.
Result<QByteArray> askPassword(const CommandContext& context, const QString& whose, bool isNew,
                               const QString& fileOption);

}  // namespace sealift
