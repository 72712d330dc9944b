#include "ui/views/audit_page.h"

#include "ui/models/audit_delegate.h"
#include "ui/models/audit_model.h"
#include "ui/style/format.h"
#include "ui/style/tokens.h"
#include "ui/style/typography.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/key_value_grid.h"
#include "ui/widgets/progress_track.h"
#include "ui/widgets/scroll_pane.h"
#include "ui/widgets/search_field.h"
#include "ui/widgets/text_label.h"
#include "ui/widgets/when_done.h"

#include <QApplication>
#include <QFileDialog>
#include <QHeaderView>
#include <QJsonArray>
#include <QJsonDocument>
#include <QMenu>
#include <QPointer>
#include <QStackedWidget>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

namespace sealift {

namespace {

constexpr int kSearchPause = 250;  // ms; a search reads the whole log
constexpr int kDetailWidth = 284;
constexpr int kWithDetail = 760;  // narrower than this the detail stands below the table
constexpr int kKeyWidth = 76;
constexpr int kLongestDetail = 400;  // characters of one value shown

QString detailText(const QJsonValue& value) {
  QString text;
  if (value.isString()) {
    text = value.toString();
  } else if (value.isObject()) {
    text = QString::fromUtf8(QJsonDocument(value.toObject()).toJson(QJsonDocument::Compact));
  } else if (value.isArray()) {
    text = QString::fromUtf8(QJsonDocument(value.toArray()).toJson(QJsonDocument::Compact));
  } else {
    text = value.toVariant().toString();
  }
  return text.size() > kLongestDetail ? text.left(kLongestDetail) + QChar(0x2026) : text;
}

}  // namespace

AuditPage::AuditPage(Station& station, const Clock& clock, QWidget* parent)
    : Page(QStringLiteral("auditPage"), parent),
      station_(station),
      clock_(clock),
      model_(new AuditModel(station, this)) {
  buildFrame(tr("Audit log"));
  buildHealth();
  buildFilters();
  body()->addWidget(buildTable(), 1);
  connect(&station_, &Station::auditChanged, this, &AuditPage::entriesAdded);
  showHealth(station_.auditHealth());
  showTableOrEmpty();
}

void AuditPage::buildHealth() {
  verify_ = makeButton(tr("Verify"), QStringLiteral("auditVerify"));
  auto* menu = new QMenu;
  menu->addAction(tr("As JSON lines\u2026"), this, [this] { chooseExport(QStringLiteral("jsonl")); })
      ->setObjectName(QStringLiteral("auditExportJson"));
  menu->addAction(tr("As CSV\u2026"), this, [this] { chooseExport(QStringLiteral("csv")); })
      ->setObjectName(QStringLiteral("auditExportCsv"));
  menu->addAction(tr("Tree head\u2026"), this, [this] { chooseExport(QStringLiteral("head")); })
      ->setObjectName(QStringLiteral("auditExportHead"));
  export_ = makeMenuButton(tr("Export"), QStringLiteral("auditExport"), menu);
  addHeaderAction(verify_);
  addHeaderAction(export_);
  connect(verify_, &QPushButton::clicked, this, &AuditPage::verify);

  health_ = new Banner(QStringLiteral("auditHealth"));
  progressRow_ = new QWidget;
  auto* row = new QHBoxLayout(progressRow_);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(space::kM);
  progress_ = new ProgressTrack;
  progress_->setObjectName(QStringLiteral("auditProgress"));
  stop_ = makeButton(tr("Stop"), QStringLiteral("auditStop"), ButtonKind::Secondary, true);
  row->addWidget(progress_, 1);
  row->addWidget(stop_);
  progressRow_->hide();
  health_->extra()->addWidget(progressRow_);
  connect(stop_, &QPushButton::clicked, this, [this] { cancel_.cancel(); });
  body()->addWidget(health_);
  message_ = new Banner(QStringLiteral("auditMessage"));
  message_->hide();
  QPushButton* hide = makeButton(tr("Close"), QStringLiteral("auditMessageClose"), ButtonKind::Secondary, true);
  connect(hide, &QPushButton::clicked, message_, &QWidget::hide);
  message_->addButton(hide);
  body()->addWidget(message_);
}

void AuditPage::buildFilters() {
  auto* row = new QHBoxLayout;
  row->setSpacing(space::kS);
  search_ = new SearchField(tr("device, event, user, text\u2026"), QStringLiteral("auditSearch"), kSearchPause);
  search_->setAccessibleName(tr("Search the audit log"));
  outcome_ = new ChoiceButton(tr("Outcome"), QStringLiteral("auditOutcome"));
  outcome_->addChoice(tr("Any outcome"), QString());
  outcome_->addChoice(tr("OK"), QStringLiteral("ok"));
  outcome_->addChoice(tr("Recorded"), QStringLiteral("recorded"));
  outcome_->addChoice(tr("Succeeded"), QStringLiteral("succeeded"));
  outcome_->addChoice(tr("Reverted"), QStringLiteral("reverted"));
  outcome_->addChoice(tr("Refused"), QStringLiteral("refused"));
  outcome_->addChoice(tr("Failed"), QStringLiteral("failed"));
  outcome_->addChoice(tr("Unknown"), QStringLiteral("unknown"));
  outcome_->addChoice(tr("Cancelled"), QStringLiteral("cancelled"));
  period_ = new ChoiceButton(tr("Time"), QStringLiteral("auditPeriod"));
  period_->addChoice(tr("All time"), 0);
  period_->addChoice(tr("Last 24 hours"), 1);
  period_->addChoice(tr("Last 7 days"), 7);
  period_->addChoice(tr("Last 30 days"), 30);
  period_->addChoice(tr("Last year"), 365);
  row->addWidget(search_, 1);
  row->addWidget(outcome_);
  row->addWidget(period_);
  body()->addLayout(row);
  connect(search_, &SearchField::searchChanged, this, &AuditPage::applyFilter);
  connect(outcome_, &ChoiceButton::chosen, this, &AuditPage::applyFilter);
  connect(period_, &ChoiceButton::chosen, this, &AuditPage::applyFilter);
}

QWidget* AuditPage::buildTable() {
  auto* holder = new QWidget;
  auto* row = new QBoxLayout(QBoxLayout::LeftToRight, holder);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(space::kL);

  auto* frame = new QFrame;
  frame->setProperty("frame", QStringLiteral("card"));
  auto* frameLayout = new QVBoxLayout(frame);
  frameLayout->setContentsMargins(1, space::kXs, 1, space::kXs);
  table_ = new QTableView;
  table_->setObjectName(QStringLiteral("auditTable"));
  table_->setAccessibleName(tr("Entries of the audit log, newest first"));
  table_->setModel(model_);
  table_->setItemDelegate(new AuditDelegate(table_));
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setSelectionMode(QAbstractItemView::SingleSelection);
  table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  table_->setShowGrid(false);
  table_->setWordWrap(false);
  table_->setTabKeyNavigation(false);
  table_->setFrameShape(QFrame::NoFrame);
  table_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  table_->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
  table_->setMouseTracking(true);
  table_->verticalHeader()->hide();
  // Rows of one fixed height: the view then never asks for rows that it does not show.
  table_->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
  table_->verticalHeader()->setDefaultSectionSize(extent::kRow);
  table_->horizontalHeader()->setFixedHeight(extent::kRow);
  table_->horizontalHeader()->setHighlightSections(false);
  table_->horizontalHeader()->setSectionsClickable(false);
  table_->horizontalHeader()->setMinimumSectionSize(48);
  connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &AuditPage::showEntry);
  empty_ = new EmptyState(QStringLiteral("audit"), {}, {});
  empty_->setObjectName(QStringLiteral("auditEmpty"));
  stack_ = new QStackedWidget;
  stack_->addWidget(table_);
  stack_->addWidget(empty_);
  frameLayout->addWidget(stack_);
  row->addWidget(frame, 1);

  detail_ = new Card(tr("Entry"));
  detail_->setObjectName(QStringLiteral("auditDetail"));
  auto* content = new QWidget;
  auto* contentLayout = new QVBoxLayout(content);
  contentLayout->setContentsMargins(0, 0, 0, 0);
  facts_ = new KeyValueGrid(kKeyWidth);
  facts_->setObjectName(QStringLiteral("auditFacts"));
  detailHint_ = makeWrappedLabel(TextStyle::Body, TextTone::Muted, tr("Choose an entry to see it with its proof."));
  detailError_ = new Banner(QStringLiteral("auditDetailError"));
  detailError_->hide();
  contentLayout->addWidget(detailHint_);
  contentLayout->addWidget(detailError_);
  contentLayout->addWidget(facts_);
  contentLayout->addStretch(1);
  detail_->body()->addWidget(new ScrollPane(content, 0, QStringLiteral("auditDetailScroll")), 1);
  row->addWidget(detail_);
  return holder;
}

void AuditPage::applyFilter() {
  AuditFilter filter;
  filter.text = search_->text().trimmed();
  filter.outcome = outcome_->value().toString();
  if (const int days = period_->value().toInt(); days > 0) {
    filter.since = clock_.nowUtc().addDays(-days);
  }
  model_->setFilter(filter);
  showTableOrEmpty();
  showEntry({});
}

void AuditPage::entriesAdded() {
  // A hidden page catches up when it is shown.
  if (isVisible()) {
    model_->refresh();
    showTableOrEmpty();
  }
  if (!verifying_) {
    showHealth(station_.auditHealth());
  }
}

void AuditPage::showEvent(QShowEvent* event) {
  Page::showEvent(event);
  entriesAdded();
  fitColumns();
}

void AuditPage::showTableOrEmpty() {
  const bool none = model_->total() == 0;
  if (none && !model_->filter().isEmpty()) {
    empty_->setMessage(QStringLiteral("search"), tr("No entry matches"),
                       tr("Try fewer words, another outcome or a longer time."));
  } else if (none) {
    empty_->setMessage(QStringLiteral("audit"), tr("The log is empty"),
                       tr("Every check, consent, update and change of trust is recorded here."));
  }
  stack_->setCurrentWidget(none ? static_cast<QWidget*>(empty_) : table_);
}

void AuditPage::showHealth(const AuditHealth& health) {
  progressRow_->hide();
  verify_->setEnabled(true);
  if (health.problem) {
    health_->setError(*health.problem);
  } else if (!health.checked) {
    health_->setMessage(Tone::Neutral, QStringLiteral("shield"),
                        tr("Not verified since Sealift started. %1 entries.").arg(formatCount(health.entries)),
                        health.text);
  } else {
    health_->setMessage(health.intact ? Tone::Good : Tone::Bad,
                        health.intact ? QStringLiteral("shield-check") : QStringLiteral("warning"), health.text);
  }
}

void AuditPage::showEntry(const QModelIndex& index) {
  facts_->clear();
  detailError_->hide();
  detailHint_->setVisible(!index.isValid());
  if (!index.isValid()) {
    detail_->setTitle(tr("Entry"));
    return;
  }
  const qint64 sequence = index.data(AuditModel::SequenceRole).toLongLong();
  detail_->setTitle(tr("Entry %1").arg(sequence));
  const Result<AuditDetail> found = station_.auditDetail(sequence);
  if (!found) {
    detailError_->setError(found.error());
    detailError_->show();
    return;
  }
  const AuditDetail& entry = *found;
  facts_->setMono(tr("Event"), entry.row.event);
  facts_->setBadge(tr("Outcome"), entry.row.outcome);
  facts_->setText(tr("Time"), formatLogTime(entry.row.time));
  facts_->setText(tr("Who"), entry.row.actor);
  facts_->setText(tr("Subject"), entry.row.subject, entry.subjectId);
  facts_->setText(tr("Detail"), entry.row.message);
  facts_->setMono(tr("Code"), entry.code);
  for (auto it = entry.details.constBegin(); it != entry.details.constEnd(); ++it) {
    if (it.key().isEmpty()) {
      continue;
    }
    QString key = it.key();
    key[0] = key.at(0).toUpper();
    facts_->setMono(key, detailText(it.value()));
  }
  facts_->setMono(tr("Leaf hash"), shortenHash(entry.leafHash));
  const Badge proof =
      entry.included ? Badge{Tone::Good, tr("Included in signed head")} : Badge{Tone::Bad, tr("Not proven")};
  facts_->setBadge(tr("Proof"), proof, entry.proofText);
}

void AuditPage::fitColumns() {
  const QFontMetrics mono(textFont(TextStyle::Mono));
  const QFontMetrics body(textFont(TextStyle::Body));
  constexpr int kPadding = 16;
  const int number = mono.horizontalAdvance(QString::number(std::max<qint64>(model_->total(), 10000))) + kPadding;
  const int time = body.horizontalAdvance(formatLogTime(QDateTime(QDate(2026, 11, 28), QTime(20, 48, 48)))) + kPadding;
  const int event = mono.horizontalAdvance(QStringLiteral("metadata.refreshed")) + kPadding;
  const int outcome =
      QFontMetrics(textFont(TextStyle::SmallBold)).horizontalAdvance(tr("Succeeded")) + kPadding + space::kXl;
  const int left = table_->viewport()->width() - number - time - event - outcome;
  const int subject = std::max(left * 47 / 100, 96);
  const int detail = std::max(left - subject, 120);
  table_->setColumnWidth(AuditModel::Number, number);
  table_->setColumnWidth(AuditModel::Time, time);
  table_->setColumnWidth(AuditModel::Event, event);
  table_->setColumnWidth(AuditModel::Subject, subject);
  table_->setColumnWidth(AuditModel::Detail, detail);
  table_->setColumnWidth(AuditModel::Outcome, outcome);
}

void AuditPage::resizeEvent(QResizeEvent* event) {
  Page::resizeEvent(event);
  const bool beside = width() >= kWithDetail;
  auto* row = static_cast<QBoxLayout*>(detail_->parentWidget()->layout());
  row->setDirection(beside ? QBoxLayout::LeftToRight : QBoxLayout::TopToBottom);
  detail_->setMinimumWidth(beside ? kDetailWidth : 0);
  detail_->setMaximumWidth(beside ? kDetailWidth : QWIDGETSIZE_MAX);
  detail_->setMinimumHeight(beside ? 0 : 120);
  detail_->setMaximumHeight(beside ? QWIDGETSIZE_MAX : 150);
  row->activate();
  fitColumns();
}

void AuditPage::verify() {
  verifying_ = true;
  cancel_ = CancelToken();
  verify_->setEnabled(false);
  health_->setMessage(Tone::Accent, QStringLiteral("shield"), tr("Verifying the whole log\u2026"));
  progress_->setProgress(0.0, Tone::Accent);
  progressRow_->show();
  // The sink is called on the worker: it hands the number over to this thread.
  const QPointer<AuditPage> page(this);
  const Progress::Sink sink = [page](const ProgressUpdate& update) {
    QMetaObject::invokeMethod(
        qApp,
        [page, fraction = update.fraction] {
          if (page) {
            page->progress_->setProgress(fraction, Tone::Accent);
          }
        },
        Qt::QueuedConnection);
  };
  whenDone(this, station_.verifyAudit({}, sink, cancel_), [this](const Result<AuditHealth>& health) {
    verifying_ = false;
    if (health) {
      showHealth(*health);
    } else if (health.error().code == ErrorCode::Cancelled) {
      showHealth(station_.auditHealth());
    } else {
      progressRow_->hide();
      verify_->setEnabled(true);
      health_->setError(health.error());
    }
  });
}

void AuditPage::chooseExport(const QString& format) {
  auto* dialog = new QFileDialog(window(), tr("Export the audit log"));
  dialog->setObjectName(QStringLiteral("auditExportDialog"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  const bool head = format == QLatin1String("head");
  dialog->setDefaultSuffix(head ? QStringLiteral("json") : format);
  dialog->selectFile(head ? QStringLiteral("audit-head.json") : QStringLiteral("audit.") + format);
  connect(dialog, &QFileDialog::fileSelected, this, [this, format](const QString& path) { exportTo(path, format); });
  dialog->open();
}

void AuditPage::exportTo(const QString& path, const QString& format) {
  if (format == QLatin1String("head")) {
    report(station_.exportAuditHead(path), tr("The signed tree head was written to %1.").arg(path));
    return;
  }
  export_->setEnabled(false);
  whenDone(this, station_.exportAudit(path, format), [this, path](const Status& done) {
    export_->setEnabled(true);
    report(done, tr("The log was written to %1.").arg(path));
  });
}

void AuditPage::report(const Status& status, const QString& done) {
  if (status) {
    message_->setMessage(Tone::Good, QStringLiteral("check"), done);
  } else {
    message_->setError(status.error());
  }
  message_->show();
}

void AuditPage::refresh() {
  model_->refresh();
  showHealth(station_.auditHealth());
  showTableOrEmpty();
}

void AuditPage::focusSearch() {
  search_->setFocus(Qt::ShortcutFocusReason);
  search_->selectAll();
}

void AuditPage::setHomeMode(bool home) {
  setTitle(home ? tr("Activity") : tr("Audit log"));
}

}  // namespace sealift
