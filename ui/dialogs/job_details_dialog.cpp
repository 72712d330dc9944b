#include "ui/dialogs/job_details_dialog.h"

#include "ui/style/format.h"
#include "ui/style/tokens.h"
#include "ui/style/typography.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/key_value_grid.h"
#include "ui/widgets/stage_bar.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QPlainTextEdit>
#include <QVBoxLayout>

namespace sealift {

namespace {
constexpr int kKeyWidth = 96;
constexpr int kWidth = 640;
constexpr int kLogHeight = 200;

QString timeOrEmpty(const QDateTime& time) {
  return time.isValid() ? formatDateTime(time) : QString();
}

}  // namespace

JobDetailsDialog::JobDetailsDialog(const Station& station, const JobView& job, QWidget* parent)
    : DialogFrame(QStringLiteral("jobDetailsDialog"),
                  QStringLiteral("%1 %2 \u2192 %3").arg(job.deviceName, job.fromVersion, job.toVersion), {}, parent) {
  setMinimumWidth(kWidth);
  if (job.error) {
    auto* banner = new Banner(QStringLiteral("jobDetailsProblem"));
    banner->setError(*job.error);
    body()->addWidget(banner);
  }
  auto* facts = new KeyValueGrid(kKeyWidth);
  facts->setBadge(tr("State"), {job.tone, job.statusText}, job.detail);
  facts->setText(tr("What to do"), job.nextStep);
  const bool begun = job.state == JobState::Running || job.state == JobState::Finished;
  facts->setText(tr("Stage"), begun ? StageBar::stageText(job.stage) : QString());
  facts->setText(tr("Starts"), begun ? QString() : timeOrEmpty(job.startsAt));
  facts->setText(tr("Started"), timeOrEmpty(job.startedAt));
  facts->setText(tr("Ended"), timeOrEmpty(job.endedAt));
  facts->setMono(tr("Job"), job.id);
  body()->addWidget(facts);

  auto* log = new QPlainTextEdit;
  log->setObjectName(QStringLiteral("jobDetailsLog"));
  log->setAccessibleName(tr("Journal of this job"));
  log->setProperty("frame", QStringLiteral("sunken"));
  log->setFont(textFont(TextStyle::Mono));
  log->setReadOnly(true);
  log->setTabChangesFocus(true);
  log->setMinimumHeight(kLogHeight);
  log->setPlaceholderText(tr("Nothing has been written to the journal yet."));
  log->setPlainText(station.jobLog(job.id).join(QLatin1Char('\n')));
  body()->addWidget(log, 1);

  QPushButton* copy = addButton(tr("Copy"), QStringLiteral("jobDetailsCopy"), ButtonKind::Secondary);
  QPushButton* close = addButton(tr("Close"), QStringLiteral("jobDetailsClose"), ButtonKind::Primary);
  close->setDefault(true);
  connect(copy, &QPushButton::clicked, log, [log] { QGuiApplication::clipboard()->setText(log->toPlainText()); });
  connect(close, &QPushButton::clicked, this, &QDialog::accept);
  close->setFocus();
}

}  // namespace sealift
