# Days and dates. Months come long in day lines and short in lists.
yesterday-short = ontem
date-short = { $day } de { $month }
date-short-year = { $day } de { $month } de { $year }
date-month-year = { $month } de { $year }
day-today = Hoje, { $weekday }, { $day } de { $month }
day-yesterday = Ontem, { $weekday }, { $day } de { $month }
day-this-year = { $weekday }, { $day } de { $month }
day-other-year = { $weekday }, { $day } de { $month } de { $year }

weekday-monday = segunda-feira
weekday-tuesday = terça-feira
weekday-wednesday = quarta-feira
weekday-thursday = quinta-feira
weekday-friday = sexta-feira
weekday-saturday = sábado
weekday-sunday = domingo

month-january = janeiro
month-february = fevereiro
month-march = março
month-april = abril
month-may = maio
month-june = junho
month-july = julho
month-august = agosto
month-september = setembro
month-october = outubro
month-november = novembro
month-december = dezembro

month-jan = jan.
month-feb = fev.
month-mar = mar.
month-apr = abr.
month-may-short = maio
month-jun = jun.
month-jul = jul.
month-aug = ago.
month-sep = set.
month-oct = out.
month-nov = nov.
month-dec = dez.
