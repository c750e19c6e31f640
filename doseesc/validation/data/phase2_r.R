# Reference numbers of the Phase 2 analyses from R: survival, cmprsk, mvtnorm and base R's stats.
#
#     Rscript phase2_r.R > phase2_r.json
#
# Patients are drawn here, from the seed below, so that data and answers come from R alone. What R has no function for
# (Newcombe's and Miettinen and Nurminen's limits, the mixed model) is written out here from its definition and solved
# by uniroot and optim, not by the formulas that doseesc uses.

suppressPackageStartupMessages({
  library(survival)
  library(cmprsk)
  library(mvtnorm)
})

DAYS <- 28
IMPROVED <- 0
DIED <- 1
CENSORED <- 2

# JSON, written with all digits

json <- function(value) {
  if (is.list(value)) {
    if (is.null(names(value))) return(paste0("[", paste(vapply(value, json, ""), collapse = ",\n"), "]"))
    pairs <- paste0("\"", names(value), "\": ", vapply(value, json, ""))
    return(paste0("{", paste(pairs, collapse = ", "), "}"))
  }
  if (is.null(value)) return("null")
  if (is.character(value)) words <- paste0("\"", value, "\"")
  else words <- ifelse(is.finite(value), formatC(value, digits = 15, format = "g", width = 1), "null")
  if (inherits(value, "AsIs") || length(value) != 1) words <- paste0("[", paste(words, collapse = ", "), "]")
  words
}

from <- function(package) paste0(package, " ", as.character(packageVersion(package)), " (R ", getRversion(), ")")

# Time to improvement with deaths and losses

draw_patients <- function(number) {
  n <- sample(15:45, 2)
  arm <- rep(c(1, 0), n)
  all <- sum(n)
  lost <- number %% 3 != 0  # in every third set nobody is lost before the last day
  kind <- sample(c(IMPROVED, DIED, CENSORED), all, TRUE, prob = c(0.5, 0.25, 0.25))
  last <- c(DAYS, 12, 5)[1 + number %% 3]  # few days: many ties
  day <- sample(last, all, TRUE)
  day[kind == CENSORED & (!lost | runif(all) < 0.6)] <- DAYS
  stratum <- sample(3, all, TRUE)
  if (number == 5) kind[kind == DIED] <- IMPROVED     # nobody dies
  if (number == 6) day[kind == IMPROVED] <- 3         # all improvements on one day
  if (number == 7) stratum[arm == 1 & stratum == 2] <- 1  # an arm lacks a stratum
  if (number == 8) kind[arm == 0 & kind == IMPROVED] <- DIED  # nobody improves in the control arm
  list(arm = arm, kind = kind, day = day, stratum = stratum)
}

# Observed less expected improvements of the active arm, their variance, and chi-square.
survdiff_of <- function(fit) {
  observed <- rowSums(as.matrix(fit$obs))
  expected <- rowSums(as.matrix(fit$exp))
  list(score = unname(observed[2] - expected[2]), variance = fit$var[2, 2], chi_square = fit$chisq)
}

score_tests <- function(x, death) {
  time <- if (death == "day_28") ifelse(x$kind == DIED, DAYS, x$day) else x$day
  event <- as.numeric(x$kind == IMPROVED)
  cox <- function(formula) unname(coxph(formula, ties = "breslow")$score)
  arm <- x$arm
  stratum <- x$stratum
  found <- list(
    log_rank = survdiff_of(survdiff(Surv(time, event) ~ arm)),
    cox_score = suppressWarnings(cox(Surv(time, event) ~ arm)),
    stratified_log_rank = survdiff_of(survdiff(Surv(time, event) ~ arm + strata(stratum))),
    stratified_cox_score = suppressWarnings(cox(Surv(time, event) ~ arm + strata(stratum))),
    kaplan_meier = lapply(c(1, 0), function(k) {
      curve <- survfit(Surv(time[arm == k], event[arm == k]) ~ 1)
      summary(curve, times = seq_len(DAYS), extend = TRUE)$surv
    })
  )
  found
}

# Fine and Gray's model at hazard ratio 1, without a step: score and information, ties as Breslow's.
fine_gray <- function(x) {
  status <- ifelse(x$kind == IMPROVED, 1, ifelse(x$kind == DIED, 2, 0))
  fit <- suppressWarnings(crr(x$day, status, matrix(x$arm), failcode = 1, cencode = 0, init = 0, maxiter = 0))
  list(score = fit$score[1], information = fit$inf[1, 1])
}

incidence <- function(x) {
  status <- ifelse(x$kind == IMPROVED, 1, ifelse(x$kind == DIED, 2, 0))
  estimates <- function(k, cause) {
    here <- x$arm == k
    at <- timepoints(cuminc(x$day[here], status[here], cencode = 0), seq_len(DAYS))$est
    row <- paste("1", cause)
    if (!row %in% rownames(at)) return(rep(0, DAYS))
    curve <- at[row, ]
    # cmprsk says nothing after the last patient; the curve stays where it was.
    known <- which(!is.na(curve))
    unname(curve[pmax(findInterval(seq_len(DAYS), known), 1)])
  }
  list(
    improved = lapply(c(1, 0), estimates, cause = 1),
    died = lapply(c(1, 0), estimates, cause = 2),
    gray = unname(cuminc(x$day, status, x$arm, cencode = 0)$Tests["1", "stat"]),
    stratified_gray = unname(cuminc(x$day, status, x$arm, x$stratum, cencode = 0)$Tests["1", "stat"])
  )
}

# Wins and half the ties of all pairs, by ranks: early improvement is best, early death worst; without losses only.
pairs_won <- function(x) {
  rank <- ifelse(x$kind == IMPROVED, 100 - x$day, ifelse(x$kind == DIED, x$day, 50))
  u <- suppressWarnings(wilcox.test(rank[x$arm == 1], rank[x$arm == 0], exact = FALSE))$statistic
  unname(u) / (sum(x$arm == 1) * sum(x$arm == 0))
}

# Every pair by the rules of Pocock et al. (2012): death first, then improvement, as far as both are observed. Then the
# variance of log(won / lost) from each patient's shares of pairs (Bebu and Lachin 2016).
win_ratio <- function(x) {
  until <- ifelse(x$kind == IMPROVED, DAYS, x$day + (x$kind == CENSORED & x$day == DAYS))
  death <- ifelse(x$kind == DIED, x$day, Inf)
  improvement <- ifelse(x$kind == IMPROVED, x$day, Inf)
  beats <- function(a, b) {
    common <- min(until[a], until[b])
    if (death[a] != death[b] && min(death[a], death[b]) <= common) return(death[a] > death[b])
    if (is.finite(min(death[a], death[b]))) return(FALSE)
    improvement[a] < improvement[b] && improvement[a] <= common
  }
  active <- which(x$arm == 1)
  control <- which(x$arm == 0)
  won <- outer(active, control, Vectorize(function(a, b) beats(a, b)))
  lost <- outer(active, control, Vectorize(function(a, b) beats(b, a)))
  spread <- function(one, other) mean((one / mean(won) - other / mean(lost))^2) / length(one)
  variance <- spread(rowMeans(won), rowMeans(lost)) + spread(colMeans(won), colMeans(lost))
  list(won = mean(won), lost = mean(lost), variance = if (any(won) && any(lost)) variance else 0)
}

time_to_event <- function(number) {
  x <- draw_patients(number)
  complete <- all(x$day[x$kind == CENSORED] == DAYS)
  c(x, list(
    day_28 = score_tests(x, "day_28"),
    at_death = score_tests(x, "at_death"),
    incidence = incidence(x),
    fine_gray = if (complete) fine_gray(x),
    pairs_won = if (complete) pairs_won(x),
    win_ratio = win_ratio(x)
  ))
}

# Proportions

# The most likely control proportion where the active arm's is larger by d: the root of the derivative of the likelihood.
restricted <- function(d, x1, n1, x0, n0) {
  low <- max(0, -d)
  high <- min(1, 1 - d)
  slope <- function(p) (x1 - n1 * (p + d)) * p * (1 - p) + (x0 - n0 * p) * (p + d) * (1 - p - d)
  inside <- c(low, high) + c(1, -1) * 1e-12
  if (slope(inside[1]) <= 0) return(low)
  if (slope(inside[2]) >= 0) return(high)
  uniroot(slope, inside, tol = 1e-15)$root
}

miettinen_nurminen <- function(x1, n1, x0, n0) {
  seen <- x1 / n1 - x0 / n0
  excess <- function(d) {
    p0 <- restricted(d, x1, n1, x0, n0)
    p1 <- p0 + d
    total <- n1 + n0
    variance <- (p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0) * total / (total - 1)
    (seen - d)^2 - qchisq(0.95, 1) * variance
  }
  limit <- function(end) {
    if (abs(seen - end) < 1e-9 || excess(end * (1 - 1e-12)) <= 0) return(end)
    # Not from the difference seen itself, where both sides are 0 when nobody and everybody have the event.
    uniroot(excess, sort(c(seen + sign(end) * 1e-9, end * (1 - 1e-12))), tol = 1e-13)$root
  }
  c(limit(-1), limit(1))
}

# Newcombe's method 10 from R's own Wilson limits.
newcombe <- function(x1, n1, x0, n0) {
  one <- wilson(x1, n1)
  other <- wilson(x0, n0)
  p1 <- x1 / n1
  p0 <- x0 / n0
  p1 - p0 + c(-sqrt((p1 - one[1])^2 + (other[2] - p0)^2), sqrt((one[2] - p1)^2 + (p0 - other[1])^2))
}

wilson <- function(x, n) as.numeric(suppressWarnings(prop.test(x, n, correct = FALSE))$conf.int)

proportions <- function(number) {
  n <- sample(5:70, 2)
  x <- rbinom(2, n, runif(2))
  if (number == 1) x[1] <- 0
  if (number == 2) x[2] <- 0
  if (number == 3) x[1] <- n[1]
  if (number == 4) x <- c(n[1], 0)
  if (number == 5) { n <- c(70, 80); x <- c(56, 48) }  # Newcombe (1998), example (a)
  table <- rbind(x, n - x)
  list(
    x1 = x[1], n1 = n[1], x0 = x[2], n0 = n[2],
    chi_square = unname(suppressWarnings(chisq.test(table, correct = FALSE))$statistic),
    fisher_more = fisher.test(table, alternative = "greater")$p.value,
    fisher_fewer = fisher.test(table, alternative = "less")$p.value,
    clopper_pearson = as.numeric(binom.test(x[1], n[1])$conf.int),
    newcombe = newcombe(x[1], n[1], x[2], n[2]),
    miettinen_nurminen = miettinen_nurminen(x[1], n[1], x[2], n[2])
  )
}

trend <- function(number) {
  arms <- 2 + number %% 3
  n <- sample(10:60, arms)
  x <- rbinom(arms, n, sort(runif(arms)))
  score <- if (number %% 2) seq_len(arms) - 1 else c(0, 2, 8, 16)[seq_len(arms)]
  list(x = x, n = n, score = score, chi_square = unname(suppressWarnings(prop.trend.test(x, n, score))$statistic))
}

strata_of_deaths <- function(number) {
  strata <- 2 + number %% 3
  n1 <- sample(4:30, strata)
  n0 <- sample(4:30, strata)
  x1 <- rbinom(strata, n1, 0.2)
  x0 <- rbinom(strata, n0, 0.4)
  tables <- array(rbind(x1, n1 - x1, x0, n0 - x0), c(2, 2, strata))
  list(x1 = x1, n1 = n1, x0 = x0, n0 = n0,
       chi_square = unname(mantelhaen.test(tables, correct = FALSE)$statistic))
}

# Several arms

adjusted <- function(number) {
  p <- round(runif(2 + number %% 3)^2, 6)
  if (number == 1) p[2] <- p[1]
  list(p = p, bonferroni = p.adjust(p, "bonferroni"), holm = p.adjust(p, "holm"), hochberg = p.adjust(p, "hochberg"),
       fixed_sequence = cummax(p))
}

# Arms as multiples of the control: the correlation of two comparisons that share it.
correlation <- function(allocation) {
  share <- sqrt(allocation / (1 + allocation))
  made <- outer(share, share)
  diag(made) <- 1
  made
}

dunnett <- function(number) {
  allocation <- list(c(1, 1), c(1, 1, 1), c(0.5, 2), c(0.5, 0.5), c(2, 1, 0.5), c(1, 1, 1, 1))[[number]]
  made <- correlation(allocation)
  arms <- length(allocation)
  how <- if (arms <= 3) TVPACK(abseps = 1e-13) else Miwa(steps = 4097)
  below <- function(z) as.numeric(pmvnorm(upper = rep(z, arms), corr = made, algorithm = how))
  critical <- uniroot(function(z) below(z) - 0.975, c(1, 4), tol = 1e-13)$root
  p <- c(0.001, 0.01, 0.025, 0.2, 0.6)
  list(allocation = allocation, critical = critical, p = p,
       adjusted = vapply(qnorm(p, lower.tail = FALSE), function(z) 1 - below(z), 0))
}

# Outcomes at visits

visits <- function(number) {
  n <- sample(15:35, 2)
  arm <- rep(c(1, 0), n)
  base <- round(rnorm(sum(n), 9, 2), 2)
  own <- base + rnorm(sum(n), 0, 1.5)
  value <- round(vapply(1:3, function(j) own - 0.6 * arm * j + rnorm(sum(n), 0, j), own), 2)
  if (number > 2) for (j in 2:3) value[is.na(value[, j - 1]) | runif(sum(n)) < 0.15, j] <- NA
  ancova <- lapply(1:3, function(j) {
    fit <- summary(lm(value[, j] ~ arm + base))
    c(fit$coefficients["arm", c("Estimate", "t value")], fit$df[2])
  })
  score <- round(value[, 3])
  ranks <- suppressWarnings(wilcox.test(score[arm == 1], score[arm == 0], exact = FALSE, correct = FALSE))
  list(arm = arm, base = base, value = lapply(1:3, function(j) value[, j]),
       ancova = lapply(ancova, unname), ranks_p = ranks$p.value, mixed_model = most_likely(arm, base, value))
}

# The most likely differences at three visits: means by generalised least squares, the covariance by optim.
most_likely <- function(arm, base, value) {
  design <- cbind(1, arm, base)
  patterns <- split(seq_along(arm), rowSums(!is.na(value)))
  fitted <- function(root) {
    lower <- matrix(0, 3, 3)
    lower[lower.tri(lower, TRUE)] <- root
    diag(lower) <- exp(diag(lower))
    covariance <- lower %*% t(lower)
    normal <- matrix(0, 9, 9)
    right <- numeric(9)
    each <- function(rows, seen) {
      weight <- solve(covariance[seen, seen, drop = FALSE])
      lapply(rows, function(i) list(x = kronecker(diag(3)[seen, , drop = FALSE], t(design[i, ])), w = weight, y = value[i, seen]))
    }
    known <- unlist(Map(function(rows, k) each(rows, seq_len(as.integer(k))), patterns, names(patterns)), FALSE)
    for (one in known) {
      normal <- normal + t(one$x) %*% one$w %*% one$x
      right <- right + t(one$x) %*% one$w %*% one$y
    }
    means <- solve(normal, right)
    minus <- sum(vapply(known, function(one) {
      rest <- one$y - one$x %*% means
      drop(t(rest) %*% one$w %*% rest) - as.numeric(determinant(one$w)$modulus)
    }, 0))
    list(minus = minus, difference = means[c(2, 5, 8)])
  }
  complete <- rowSums(is.na(value)) == 0
  start <- t(chol(cov(resid(lm(value[complete, ] ~ design[complete, ] - 1)))))
  diag(start) <- log(diag(start))
  found <- list(par = start[lower.tri(start, TRUE)])
  for (again in 1:3) {
    found <- optim(found$par, function(root) fitted(root)$minus, method = "BFGS",
                   control = list(reltol = 1e-15, maxit = 500, parscale = rep(0.1, 6)))
  }
  stopifnot(found$convergence == 0)
  fitted(found$par)$difference
}

part <- function(source, meaning, make, numbers) {
  set.seed(20261130)
  list(source = source, meaning = meaning, items = lapply(numbers, make))
}

cat(json(list(
  time_to_event = part(
    paste0(from("survival"), ": survdiff, coxph(ties = 'breslow')$score, survfit; ", from("cmprsk"), ": cuminc, crr(maxiter = 0); wilcox.test; the win ratio from its definition, phase2_r.R"),
    "kind 0 improved, 1 died, 2 censored; arm 1 active, 0 control; curves by day 1 to 28, the active arm's first; day_28 and at_death: when the dead are censored",
    time_to_event, 1:18),
  proportions = part(
    paste0("stats (R ", getRversion(), "): chisq.test(correct = FALSE), fisher.test, binom.test, prop.test(correct = FALSE) for Wilson's limits; Newcombe's method 10 and Miettinen and Nurminen's limits from their definitions by uniroot, phase2_r.R"),
    "events x of patients n, 1 the active arm, 0 control; limits of 95 %, of the active arm's proportion (clopper_pearson) or of the difference",
    proportions, 1:40),
  trend = part(
    paste0("stats (R ", getRversion(), "): prop.trend.test"), "events x of patients n by arm, with their scores", trend, 1:12),
  strata = part(
    paste0("stats (R ", getRversion(), "): mantelhaen.test(correct = FALSE)"), "deaths x of patients n by stratum", strata_of_deaths, 1:12),
  adjusted = part(
    paste0("stats (R ", getRversion(), "): p.adjust"), "p-values of arms, and adjusted", adjusted, 1:12),
  dunnett = part(
    paste0(from("mvtnorm"), ": pmvnorm, TVPACK for two and three arms, Miwa(steps = 4097) for four"),
    "allocation: arms as multiples of the control; critical: one-sided 2.5 % limit of the largest of the statistics; adjusted: P(largest > z) at the z of each p",
    dunnett, 1:6),
  visits = part(
    paste0("stats (R ", getRversion(), "): lm(value ~ arm + base), wilcox.test(exact = FALSE, correct = FALSE), and the likelihood of a mixed model by optim, phase2_r.R"),
    "ancova: difference, t and degrees of freedom by visit; ranks_p: two-sided, of the last visit's values rounded; mixed_model: most likely differences by visit",
    visits, 1:6)
)), "\n", sep = "")
