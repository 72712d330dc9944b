#include "app/cli/sign_in_options.h"

#include "app/cli/secret_input.h"

namespace sealift {

Result<QByteArray> askPassword(const CommandContext& context, const QString& whose, bool isNew,
                               const QString& fileOption) {
  const auto ask = [&](const QString& prompt) -> Result<QByteArray> {
    std::optional<QByteArray> typed = context.terminal->interactive() ? readSecret(prompt) : std::nullopt;
    if (!typed) {
      return fail(ErrorCode::KeyPin, QStringLiteral("No password was entered."),
                  QStringLiteral("Without a terminal, give it by %1 FILE.").arg(fileOption));
    }
    return std::move(*typed);
  };
  SEALIFT_TRY(QByteArray password, ask(isNew ? QStringLiteral("New password of %1").arg(whose)
                                             : QStringLiteral("Password of %1").arg(whose)));
  if (isNew) {
    Result<QByteArray> again = ask(QStringLiteral("The same again"));
    const bool same = again && *again == password;
    if (again) {
      forgetSecret(*again);
    }
    if (!same) {
      forgetSecret(password);
      return fail(ErrorCode::KeyPin, QStringLiteral("The two passwords differ."));
    }
  }
  return password;
}

void SignInOptions::declare(CLI::App& app) {
  CLI::Option* supervisor =
      app.add_option("--supervisor", supervisor_, "The supervisor who agrees; the password is asked for")
          ->type_name("NAME");
  app.add_option("--password-file", passwordFile_, "Take the supervisor's password from this file's first line instead")
      ->type_name("FILE")
      ->needs(supervisor);
}

Result<SignIn> SignInOptions::read(const CommandContext& context) const {
  SignIn signIn{fromStd(supervisor_), {}, fromStd(passwordFile_)};
  if (!signIn.name.isEmpty() && signIn.passwordFile.isEmpty()) {
    SEALIFT_TRY(signIn.password, askPassword(context, signIn.name, /*isNew=*/false, QStringLiteral("--password-file")));
  }
  return signIn;
}

Status SignInOptions::with(const CommandContext& context, const std::function<Status(SignIn&)>& act) const {
  SEALIFT_TRY(SignIn signIn, read(context));
  Status done = act(signIn);
  signIn.forget();
  return done;
}

}  // namespace sealift
