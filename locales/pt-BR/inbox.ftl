# The list of conversations.
conversation-list = Lista de conversas
search-label = Buscar em mensagens e contatos
views = Visões
filter-mine = Minhas
filter-queue = Fila
filter-none = Sem dono
filter-all = Todas
statuses-open = Abertas
statuses-pending = Com o robô
statuses-snoozed = Adiadas
statuses-resolved = Resolvidas
clear-search = Limpar a busca
show-more = Mostrar mais
without-phone = sem telefone
no-messages = Nenhuma mensagem ainda
unread-count = { $count ->
    [one] { $count } não lida
   *[other] { $count } não lidas
}
draft = Rascunho:

mark-not-sent = Não enviada
mark-queued = Na fila
mark-window-closed = Janela fechada
mark-back-at = Volta às { $time }
mark-snoozed = Adiada
mark-with-bot = Com o robô
mark-resolved = Resolvida

kind-image = Foto
kind-video = Vídeo
kind-voice = Mensagem de voz
kind-audio = Áudio
kind-document = Documento
kind-sticker = Figurinha
kind-location = Localização
kind-contacts = Contato
kind-template = Modelo
kind-unsupported = Mensagem de outro tipo
kind-deleted = Mensagem apagada

empty-search-title = Nada encontrado
empty-search = Nenhuma conversa desta visão tem “{ $name }”.
empty-queue-title = Ninguém esperando
empty-queue = A fila está vazia. Quem escrever e não tiver dono aparece aqui.
empty-mine-title = Nenhuma conversa sua aberta
empty-mine = As que você assumir aparecem aqui, a mais recente primeiro.
empty-mine-step = Ver as sem dono
empty-list-title = Nenhuma conversa aqui
empty-list = Quando um cliente escrever para o seu número, a conversa aparece nesta lista.

choose-title = Escolha uma conversa
choose = As mensagens e os dados do contato aparecem aqui.
choose-keys = percorrem a lista
