#include "app/cli/repo_command.h"

namespace sealift {
namespace {

constexpr const char* kKeysHelp =
    "A key id, the address of a private key, or a public key's file; repeatable; none: a key is made";

class DelegateCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app =
        declareAt(group, "delegate", "Give a model, or paths, to a role with keys of its own; publish afterwards");
    app->add_option("--model", wanted_.model, "The model: its releases and dates go into the role");
    app->add_option("--role", wanted_.role, "Name of the role; default: the model's id");
    app->add_option("--path", wanted_.paths, "A path that it may hold, as firmware/t2/*/*; repeatable");
    app->add_option("--key", wanted_.keys, kKeysHelp);
    app->add_option("--threshold", threshold_, "How many signatures it needs")->check(CLI::Range(1, 1024));
    app->add_option("--expires", days_, "Days until its metadata expires")->check(CLI::Range(1, 36500));
    app->add_option("--from", wanted_.from, "The role that delegates")->capture_default_str();
    declarePins(*app);
    return app;
  }
  ExitCode run(CommandContext& context) override {
    NewDelegation wanted;
    wanted.role = fromStd(wanted_.role);
    wanted.model = fromStd(wanted_.model);
    wanted.paths = fromStd(wanted_.paths);
    wanted.keys = fromStd(wanted_.keys);
    wanted.delegator = fromStd(wanted_.from);
    wanted.threshold = threshold_;
    wanted.expiryDays = days_;
    const Result<QString> role = repository(context).delegate(wanted);
    if (!role) {
      return report(context, role.error());
    }
    return done(context, QStringLiteral("Staged: the role %1. Publish to make it so.").arg(*role),
                {{QStringLiteral("role"), *role}, {QStringLiteral("threshold"), threshold_}});
  }

 private:
  struct {
    std::string role;
    std::string model;
    std::string from = "targets";
    std::vector<std::string> paths;
    std::vector<std::string> keys;
  } wanted_;
  int threshold_ = 1;
  int days_ = 180;
};

class BinsCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = declareAt(group, "bins", "Spread a large role's targets over hash bins; publish afterwards");
    app->add_option("--bits", bits_, "2^BITS bins; clients fetch one of them for a target")
        ->check(CLI::Range(1, 14))
        ->capture_default_str();
    app->add_option("--prefix", prefix_, "The bins' names begin so")->capture_default_str();
    app->add_option("--key", keys_, kKeysHelp);
    app->add_option("--threshold", threshold_, "How many signatures each needs")->check(CLI::Range(1, 1024));
    app->add_option("--expires", days_, "Days until their metadata expires")->check(CLI::Range(1, 36500));
    app->add_option("--from", from_, "The role whose targets are spread")->capture_default_str();
    declarePins(*app);
    return app;
  }
  ExitCode run(CommandContext& context) override {
    NewBins wanted;
    wanted.delegator = fromStd(from_);
    wanted.bits = bits_;
    wanted.prefix = fromStd(prefix_);
    wanted.keys = fromStd(keys_);
    wanted.threshold = threshold_;
    wanted.expiryDays = days_;
    return done(
        context, repository(context).spreadOverBins(wanted),
        QStringLiteral("Staged: %1 hash bins for %2. Publish to make it so.").arg(1 << bits_).arg(fromStd(from_)),
        {{QStringLiteral("role"), fromStd(prefix_)}, {QStringLiteral("bins"), 1 << bits_}});
  }

 private:
  int bits_ = 8;
  std::string prefix_ = "bin";
  std::vector<std::string> keys_;
  int threshold_ = 1;
  int days_ = 180;
  std::string from_ = "targets";
};

class UndelegateCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = declareAt(group, "undelegate",
                              "Take a delegated role, or hash bins, back; its targets stay; publish afterwards");
    app->add_option("ROLE", role_, "The role, or the prefix of the bins")->required();
    return app;
  }
  ExitCode run(CommandContext& context) override {
    return done(context, repository(context).undelegate(fromStd(role_)),
                QStringLiteral("Staged: the role %1 is given up. Publish to make it so.").arg(fromStd(role_)),
                {{QStringLiteral("undelegated"), fromStd(role_)}});
  }

 private:
  std::string role_;
};

class ExpiryCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app =
        declareAt(group, "expiry", "Set after how many days a role's metadata expires, from its next signing on");
    app->add_option("--role", role_, "root, targets, snapshot, timestamp, a delegated role, or the prefix of bins")
        ->required();
    app->add_option("DAYS", days_, "Days")->required()->check(CLI::Range(1, 36500));
    return app;
  }
  ExitCode run(CommandContext& context) override {
    return done(context, repository(context).setExpiry(fromStd(role_), days_),
                QStringLiteral("%1 expires %2 days after its next signing.").arg(fromStd(role_)).arg(days_),
                {{QStringLiteral("role"), fromStd(role_)}, {QStringLiteral("expiryDays"), days_}});
  }

 private:
  std::string role_;
  int days_ = 0;
};

class RenewCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = declareAt(group, "renew", "Sign a role anew to move its expiry; publish afterwards");
    app->add_option("--role", role_, "root, targets, a delegated role, or the prefix of bins")->required();
    return app;
  }
  ExitCode run(CommandContext& context) override {
    return done(context, repository(context).renew(fromStd(role_)),
                QStringLiteral("Staged: %1 is signed anew. Publish to make it so.").arg(fromStd(role_)),
                {{QStringLiteral("renewed"), fromStd(role_)}});
  }

 private:
  std::string role_;
};

}  // namespace

void addRepoRoleCommands(Commands& commands) {
  commands.push_back(std::make_unique<DelegateCommand>());
  commands.push_back(std::make_unique<BinsCommand>());
  commands.push_back(std::make_unique<UndelegateCommand>());
  commands.push_back(std::make_unique<ExpiryCommand>());
  commands.push_back(std::make_unique<RenewCommand>());
}

}  // namespace sealift
