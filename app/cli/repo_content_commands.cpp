#include "app/cli/repo_command.h"
#include "app/services/vendor_desk.h"

#include <QJsonArray>

namespace sealift {
namespace {

class AddModelCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = declareAt(group, "add-model", "Add or replace a model's description");
    app->add_option("FILE", path_, "Its JSON (resources/schemas/model-v1.schema.json)")->required();
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<QString> target = VendorDesk(folder(), clock_).addModel(fromStd(path_));
    if (!target) {
      return report(context, target.error());
    }
    return done(context, QStringLiteral("Staged %1. Publish to make it visible.").arg(*target),
                {{QStringLiteral("target"), *target}});
  }

 private:
  std::string path_;
};

class AddReleaseCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = declareAt(group, "add-release", "Add a release: an image, its notes and terms");
    app->add_option("IMAGE", image_, "The signed image")->required();
    app->add_option("--model", model_, "The model's id")->required();
    app->add_option("--version-number", version_, "Where the image doesn't say it");
    app->add_option("--security-version", securityVersion_, "Where the image doesn't say it");
    app->add_option("--revision", revisions_, "Hardware revision that it fits; repeatable; none: all");
    app->add_option("--component", component_, "Name of the component");
    app->add_option("--severity", severity_, "critical, high, moderate, low or none")
        ->check(CLI::IsMember({"critical", "high", "moderate", "low", "none"}));
    app->add_option("--released", released_, "Date, 2026-11-18; default today")->type_name("DATE");
    app->add_option("--notes", notes_, "LANGUAGE=FILE, Markdown; repeatable");
    app->add_option("--advisory", advisories_, "ID:SEVERITY:SUMMARY; repeatable");
    app->add_option("--minimum-version", minimumVersion_, "The installed version must be at least this");
    app->add_option("--offline-seconds", offlineSeconds_, "How long the device is away")->check(CLI::Range(0, 86400));
    app->add_option("--delta-from", deltaFrom_,
                    "Earlier version, from whose image a delta is offered, too, where it pays off; repeatable; all")
        ->type_name("VERSION");
    app->add_option_function<int>(
           "--defer-days", [this](int days) { deferDays_ = days; },
           "So many days after its release it may be put off; none: for ever")
        ->type_name("N")
        ->check(CLI::Range(0, 3650));
    app->add_flag("--no-restart", noRestart_, "The device does not restart");
    app->add_flag("--skip-image-check", skipImageCheck_,
                  "Publish although the image does not verify (clients refuse it)");
    return app;
  }
  ExitCode run(CommandContext& context) override {
    NewRelease wanted;
    if (Status parsed = parse(wanted); !parsed) {
      return report(context, parsed.error());
    }
    const Result<AddedRelease> added = VendorDesk(folder(), clock_).addRelease(wanted, context.cancel);
    if (!added) {
      return report(context, added.error());
    }
    QString text = QStringLiteral("Staged %1.").arg(added->path);
    QJsonArray deltas;
    for (const AddedDelta& delta : added->deltas) {
      const double share = 100.0 * static_cast<double>(delta.bytes) / static_cast<double>(added->bytes);
      text += (delta.path.isEmpty() ? QStringLiteral("\n  From %1: no delta, it would have %2 % of the image's bytes.")
                                    : QStringLiteral("\n  From %1: a delta of %3 bytes, %2 % of the image."))
                  .arg(delta.fromVersion, QString::number(share, 'f', 1))
                  .arg(delta.bytes);
      deltas << QJsonObject{{QStringLiteral("from"), delta.fromVersion},
                            {QStringLiteral("kind"), delta.kind},
                            {QStringLiteral("bytes"), delta.bytes},
                            {QStringLiteral("target"), delta.path.isEmpty() ? QJsonValue() : delta.path}};
    }
    return done(context, text + QStringLiteral("\nPublish to make it visible."),
                {{QStringLiteral("target"), added->path}, {QStringLiteral("deltas"), deltas}});
  }

 private:
  static Result<std::optional<Version>> parseVersion(const std::string& text) {
    if (text.empty()) {
      return std::optional<Version>();
    }
    const std::optional<Version> version = Version::parse(fromStd(text));
    if (!version) {
      return fail(ErrorCode::InvalidArgument, QStringLiteral("\"%1\" is not a version.").arg(fromStd(text)),
                  QStringLiteral("Write it as 2.3.1."));
    }
    return version;
  }
  Status parse(NewRelease& wanted) const {
    wanted.imagePath = fromStd(image_);
    wanted.modelId = fromStd(model_);
    SEALIFT_TRY(wanted.version, parseVersion(version_));
    SEALIFT_TRY(wanted.minimumVersion, parseVersion(minimumVersion_));
    if (securityVersion_ >= 0) {
      wanted.securityVersion = static_cast<quint32>(securityVersion_);
    }
    for (const std::string& revision : revisions_) {
      wanted.hardwareRevisions << fromStd(revision);
    }
    wanted.component = fromStd(component_);
    wanted.severity = fromStd(severity_);
    SEALIFT_TRY(const std::optional<QDate> released, parseDate(released_));
    wanted.released = released.value_or(QDate());
    for (const std::string& text : notes_) {
      const QString pair = fromStd(text);
      const qsizetype equals = pair.indexOf(u'=');
      if (equals < 1) {
        return fail(ErrorCode::InvalidArgument, QStringLiteral("--notes %1 is not LANGUAGE=FILE.").arg(pair));
      }
      wanted.notes[pair.left(equals)] = pair.mid(equals + 1);
    }
    for (const std::string& text : advisories_) {
      const QString triple = fromStd(text);
      const QStringList parts = triple.split(u':');
      if (parts.size() < 3) {
        return fail(ErrorCode::InvalidArgument,
                    QStringLiteral("--advisory %1 is not ID:SEVERITY:SUMMARY.").arg(triple));
      }
      wanted.advisories << Advisory{parts[0], parts[1], triple.section(u':', 2).trimmed()};
    }
    wanted.offlineSeconds = offlineSeconds_;
    for (const std::string& version : deltaFrom_) {
      wanted.deltaFrom << fromStd(version);
    }
    wanted.deferralDays = deferDays_;
    wanted.restart = !noRestart_;
    wanted.skipImageCheck = skipImageCheck_;
    return {};
  }

  std::string image_;
  std::string model_;
  std::string version_;
  qint64 securityVersion_ = -1;
  std::vector<std::string> revisions_;
  std::string component_ = "application";
  std::string severity_ = "none";
  std::string released_;
  std::vector<std::string> notes_;
  std::vector<std::string> advisories_;
  std::string minimumVersion_;
  int offlineSeconds_ = 0;
  std::vector<std::string> deltaFrom_;
  std::optional<int> deferDays_;
  bool noRestart_ = false;
  bool skipImageCheck_ = false;
};

class AddLifecycleCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app =
        declareAt(group, "add-lifecycle", "Publish a model's support dates; what is left out stays unknown");
    app->add_option("--model", model_, "The model's id")->required();
    app->add_option("--released", released_, "First sold")->type_name("DATE");
    app->add_option("--full-support-ends", fullEnds_, "First day without feature updates")->type_name("DATE");
    app->add_option("--security-support-ends", securityEnds_, "First day without any update")->type_name("DATE");
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<std::optional<QDate>> released = parseDate(released_);
    const Result<std::optional<QDate>> full = parseDate(fullEnds_);
    const Result<std::optional<QDate>> security = parseDate(securityEnds_);
    for (const Result<std::optional<QDate>>* date : {&released, &full, &security}) {
      if (!*date) {
        return report(context, date->error());
      }
    }
    const Result<QString> target =
        VendorDesk(folder(), clock_).addLifecycle(fromStd(model_), *released, *full, *security);
    if (!target) {
      return report(context, target.error());
    }
    return done(context, QStringLiteral("Staged %1. Publish to make it visible.").arg(*target),
                {{QStringLiteral("target"), *target}});
  }

 private:
  std::string model_;
  std::string released_;
  std::string fullEnds_;
  std::string securityEnds_;
};

class WithdrawCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app = declareAt(group, "withdraw", "Offer a release, or one file, no more; publish afterwards");
    CLI::Option* model = app->add_option("--model", model_, "The model's id");
    CLI::Option* release = app->add_option("--release", release_, "The release's version, as it was published");
    CLI::Option* target = app->add_option("--target", target_, "Instead of a release: the path of one target");
    model->needs(release);
    release->needs(model);
    target->excludes(model);
    return app;
  }
  ExitCode run(CommandContext& context) override {
    if (target_.empty() && model_.empty()) {
      return report(context, makeError(ErrorCode::InvalidArgument, QStringLiteral("Nothing was named to withdraw."),
                                       QStringLiteral("Say --model ID --release VERSION, or --target PATH.")));
    }
    RepositoryDesk desk = repository(context);
    QStringList withdrawn;
    if (!target_.empty()) {
      const Result<QString> path = desk.withdrawTarget(fromStd(target_));
      if (!path) {
        return report(context, path.error());
      }
      withdrawn << *path;
    } else {
      const Result<QStringList> paths = desk.withdraw(fromStd(model_), fromStd(release_));
      if (!paths) {
        return report(context, paths.error());
      }
      withdrawn = *paths;
    }
    return done(context,
                QStringLiteral("Staged: these are not offered any more.\n  %1\nPublish to make it so.")
                    .arg(withdrawn.join(QStringLiteral("\n  "))),
                {{QStringLiteral("withdrawn"), QJsonArray::fromStringList(withdrawn)}});
  }

 private:
  std::string model_;
  std::string release_;
  std::string target_;
};

class BundleCommand final : public RepoCommand {
 public:
  CLI::App* declare(CLI::App& group) override {
    CLI::App* app =
        declareAt(group, "bundle", "Write what is published, or a part of it, into one file for offline use");
    app->add_option("--output", output_, "The file to write")->required()->type_name("FILE");
    CLI::Option* model =
        app->add_option("--model", models_, "Only releases of this model; repeatable; none: all models");
    app->add_option("--release", releases_, "Only this version of it; repeatable; none: all")->needs(model);
    return app;
  }
  ExitCode run(CommandContext& context) override {
    const Result<BundleContents> made =
        repository(context).bundle(fromStd(output_), fromStd(models_), fromStd(releases_), context.cancel);
    if (!made) {
      return report(context, made.error());
    }
    return done(context,
                QStringLiteral("Wrote %1: all metadata and %2 files, %3 bytes. It can be used until the metadata in it "
                               "expires; repo status tells when that is.")
                    .arg(fromStd(output_))
                    .arg(made->targets)
                    .arg(made->bytes),
                {{QStringLiteral("bundle"), fromStd(output_)},
                 {QStringLiteral("files"), made->targets},
                 {QStringLiteral("bytes"), made->bytes}});
  }

 private:
  std::string output_;
  std::vector<std::string> models_;
  std::vector<std::string> releases_;
};

}  // namespace

void addRepoContentCommands(Commands& commands) {
  commands.push_back(std::make_unique<AddModelCommand>());
  commands.push_back(std::make_unique<AddReleaseCommand>());
  commands.push_back(std::make_unique<AddLifecycleCommand>());
  commands.push_back(std::make_unique<WithdrawCommand>());
  commands.push_back(std::make_unique<BundleCommand>());
}

}  // namespace sealift
