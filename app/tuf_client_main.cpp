// sealift-tuf-client: the TUF client alone, for conformance testing. Its command line is that of
// https://github.com/theupdateframework/tuf-conformance (CLIENT-CLI.md); it shares every line that decides about trust
// with Sealift itself. Nobody needs it to update a device, and it is not installed.
#include "app/base/file_io.h"
#include "app/base/process.h"
#include "app/catalog/http_fetcher.h"
#include "keystore/tuf/client/client.h"
#include "keystore/tuf/repository_path.h"

#include <QCoreApplication>
#include <QTextStream>
#include <QUrl>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

using namespace sealift;

namespace {

constexpr qint64 kMostRootBytes = 512 * 1024;
constexpr int kFailure = 1;

struct Arguments {
  std::string metadataFolder;
  std::string metadataUrl;
  std::string rootFile;
  std::vector<std::string> targetNames;
  std::string targetBaseUrl;
  std::string targetFolder;
};

QString text(const std::string& value) {
  return QString::fromStdString(value);
}

// Metadata and targets may lie at two addresses; the client knows them as two folders of one repository.
class TwoAddresses final : public tuf::Fetcher {
 public:
  TwoAddresses(const QString& metadataUrl, const QString& targetsUrl) : metadata_(metadataUrl), targets_(targetsUrl) {}

  Result<QByteArray> fetch(const QString& path, qint64 maxBytes, const CancelToken& cancel) override {
    return choose(path).fetch(rest(path), maxBytes, cancel);
  }
  Status fetchTo(const QString& path, qint64 maxBytes, const tuf::ResumePoint& from, tuf::FetchSink& sink,
                 const CancelToken& cancel) override {
    return choose(path).fetchTo(rest(path), maxBytes, from, sink, cancel);
  }

 private:
  HttpFetcher& choose(const QString& path) {
    return path.startsWith(QLatin1String("metadata/")) ? metadata_ : targets_;
  }
  static QString rest(const QString& path) { return path.section(QLatin1Char('/'), 1); }

  HttpFetcher metadata_;
  HttpFetcher targets_;
};

// One name for one target path, in every file system: "/" is no folder here, and what differs only in case stays apart.
QString fileNameOf(const QString& targetPath) {
  constexpr qsizetype kLongestName = 120;
  const QString hash = QString::fromLatin1(sha256(targetPath.toUtf8()).toHex().left(16));
  return hash + QLatin1Char('-') + tuf::encodePart(targetPath.section(QLatin1Char('/'), -1)).right(kLongestName);
}

Status init(const Arguments& arguments) {
  SEALIFT_TRY(const QByteArray root, readFile(text(arguments.rootFile), kMostRootBytes));
  return tuf::Client::pinRoot(text(arguments.metadataFolder), root);
}

Status update(const Arguments& arguments) {
  TwoAddresses fetcher(text(arguments.metadataUrl), text(arguments.targetBaseUrl));
  const SystemClock clock;
  const CancelToken cancel;
  tuf::Client client(text(arguments.metadataFolder), fetcher, clock);
  SEALIFT_CHECK(client.refresh(cancel));
  for (const std::string& name : arguments.targetNames) {
    SEALIFT_TRY(const tuf::TargetInfo target, client.target(text(name), cancel));
    const QString file = text(arguments.targetFolder) + QLatin1Char('/') + fileNameOf(target.path);
    SEALIFT_CHECK(client.downloadTo(file, target, cancel));
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  hardenProcess();
  QCoreApplication app(argc, argv);
  QCoreApplication::setApplicationName(QStringLiteral("sealift-tuf-client"));
  QTextStream err(stderr);

  Arguments arguments;
  CLI::App cli("The TUF client of Sealift, for conformance testing", "sealift-tuf-client");
  cli.require_subcommand(1);
  cli.fallthrough();
  cli.add_option("--metadata-dir", arguments.metadataFolder, "Where trusted metadata lies")->required();
  cli.add_option("--metadata-url", arguments.metadataUrl, "Where the repository's metadata is served");
  // One value each: a target may be called as a command is.
  cli.add_option("--target-name", arguments.targetNames, "A target's path; may be repeated")
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  cli.add_option("--target-base-url", arguments.targetBaseUrl, "Where the repository's targets are served");
  cli.add_option("--target-dir", arguments.targetFolder, "Where targets are put");
  CLI::App* initCommand = cli.add_subcommand("init", "Trust a root");
  initCommand->add_option("ROOTFILE", arguments.rootFile, "The root metadata")->required();
  CLI::App* refreshCommand = cli.add_subcommand("refresh", "Bring the trusted metadata up to date");
  CLI::App* downloadCommand = cli.add_subcommand("download", "Refresh, then fetch the named targets in this order");
  try {
    cli.parse(argc, argv);
    if (!*initCommand && arguments.metadataUrl.empty()) {
      throw CLI::RequiredError("--metadata-url");
    }
    if (*downloadCommand &&
        (arguments.targetNames.empty() || arguments.targetBaseUrl.empty() || arguments.targetFolder.empty())) {
      throw CLI::RequiredError("--target-name, --target-base-url and --target-dir");
    }
  } catch (const CLI::ParseError& problem) {
    return cli.exit(problem) == 0 ? 0 : kFailure;
  }
  if (*refreshCommand) {
    arguments.targetNames.clear();
  }
  const Status done = *initCommand ? init(arguments) : update(arguments);
  if (!done) {
    err << "sealift-tuf-client: " << errorCodeName(done.error().code) << ": " << done.error().message() << '\n';
    return kFailure;
  }
  return 0;
}
